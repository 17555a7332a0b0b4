import asyncio, ssl, sys, urllib.request
import aiohttp, httpx, requests, truststore, urllib3
url = f"https://host.boxer.internal:{sys.argv[1]}/"
client = ("/certs/client.pem", "/certs/client.key")

def told(name, text):
    print(name, text.strip())

told("urllib", urllib.request.urlopen(url).read().decode())
told("requests", requests.get(url).text)
told("requests with a certificate", requests.get(url, cert=client).text)
try:
    requests.get(url, verify=requests.certs.where())
except requests.exceptions.SSLError as error:
    print("refused", "certificate verify failed" in str(error))
try:
    requests.get(url.replace("host.boxer.internal", "127.0.0.1"))
except requests.exceptions.ConnectionError as error:
    print("its own loopback", type(error).__name__)
with requests.Session() as session:
    print("session", {session.get(url).status_code for _ in range(20)})
told("urllib3", urllib3.PoolManager(ca_certs="/certs/ca.pem").request("GET", url).data.decode())
trusted = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
told("truststore", urllib3.PoolManager(ssl_context=trusted).request("GET", url).data.decode())
context = ssl.create_default_context()
context.load_cert_chain("/certs/client.pem", "/certs/locked.key", password="secret")
with httpx.Client(http2=True, verify=context) as session:
    told("httpx", session.get(url).text)

async def main():
    async with httpx.AsyncClient(http2=True, verify=ssl.create_default_context()) as session:
        answers = await asyncio.gather(*(session.get(url) for _ in range(30)))
        print("httpx at once", {(answer.http_version, answer.status_code) for answer in answers})
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.get(url) as answer:
            told("aiohttp", await answer.text())
        data = bytes(range(256)) * 8192
        async with session.post(url + "big", data=data) as answer:
            print("posted", answer.status)
    old = ssl.create_default_context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    reader, writer = await asyncio.open_connection("host.boxer.internal", int(sys.argv[1]), ssl=old)
    print(writer.get_extra_info("ssl_object").version(), writer.get_extra_info("cipher")[0][:5])
    writer.close()
asyncio.run(main())
