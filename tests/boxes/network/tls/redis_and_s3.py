import os, sys, threading
import boto3, redis
from botocore.config import Config
there = redis.Redis("host.boxer.internal", int(sys.argv[1]), ssl=True, ssl_ca_certs="/certs/ca.pem",
                    ssl_check_hostname=True, decode_responses=True)
print(there.ping(), there.set("a", "b"), there.get("a"))
with there.pipeline() as many:
    for number in range(500):
        many.rpush("list", "x" * number)
    print(many.execute()[-1])
heard = there.pubsub()
heard.subscribe("news")
threading.Timer(0.05, lambda: there.publish("news", "hello")).start()
print(*(message["data"] for _, message in zip(range(2), heard.listen())))
os.environ.pop("SSL_CERT_FILE")
try:
    redis.Redis("host.boxer.internal", int(sys.argv[1]), ssl=True, ssl_ca_certs="/etc/ssl/certs/ca-certificates.crt").ping()
except redis.ConnectionError as error:
    print("certificate verify failed" in str(error))

s3 = boto3.client("s3", endpoint_url=f"https://host.boxer.internal:{sys.argv[2]}", verify="/certs/ca.pem",
    region_name="eu-west-1", aws_access_key_id="key", aws_secret_access_key="secret",
    config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}))
data = os.urandom(3_000_000)
s3.put_object(Bucket="bucket", Key="a/b", Body=data)
print(s3.get_object(Bucket="bucket", Key="a/b")["Body"].read() == data)
s3.upload_file("/certs/ca.pem", "bucket", "file")
print(s3.head_object(Bucket="bucket", Key="file")["ContentLength"] == os.path.getsize("/certs/ca.pem"))
try:
    s3.get_object(Bucket="bucket", Key="none")
except s3.exceptions.NoSuchKey as error:
    print(error.response["Error"]["Code"])
