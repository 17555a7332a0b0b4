# What dnspython and getaddrinfo say of names, as a line each.
import asyncio, socket, sys
import dns.asyncresolver, dns.exception, dns.resolver, dns.reversename

resolver = dns.resolver.Resolver()
resolver.lifetime = 60


def asked(name, kind, **more):
    try:
        answer = resolver.resolve(name, kind, search=False, **more)
    except dns.exception.DNSException as error:
        return type(error).__name__
    return sorted(record.to_text() for record in answer)


print(resolver.nameservers)
print(asked("a.example", "A"), asked("a.example", "AAAA"), asked("A.EXAMPLE.", "A", tcp=True))
print(asked("alias.example", "A"), asked("empty.example", "A"), asked("nothing.example", "A"))
print(asked(dns.reversename.from_address("11.0.0.1"), "PTR"))
print(asked(dns.reversename.from_address("12.0.0.1"), "PTR"))
print([asked("a.example", kind) for kind in ("SRV", "MX", "TXT", "NAPTR")])
print(asked("inside.example", "A"), asked("refused.example", "A"), asked("elsewhere.test", "A"))
long = "many." + "x" * 60 + "." + "y" * 60 + ".example"
print(len(asked(long, "AAAA")), len(asked(long, "AAAA", tcp=True)))
cut = dns.message.make_query(long, "AAAA")
print("TC" in dns.flags.to_text(dns.query.udp(cut, "127.0.0.11", 20).flags))
print(len({each[4][0] for each in socket.getaddrinfo(long, 80, socket.AF_INET6)}))
print(sorted({each[4][0] for each in socket.getaddrinfo("a.example", 80)}))
resolver.use_edns(0, dns.flags.DO, 1232)
print(asked("a.example", "A"))
print(socket.gethostbyaddr("11.0.0.1")[0])


async def main():
    own = dns.asyncresolver.Resolver()
    answers = await asyncio.gather(*(own.resolve("a.example", "A", search=False) for _ in range(20)))
    print({len(answer) for answer in answers})


asyncio.run(main())
