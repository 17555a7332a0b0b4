import telnetlib

print(telnetlib.Telnet)
