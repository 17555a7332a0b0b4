"""Paramiko: a client and a server of SSH, over a pair of sockets, keys of each kind."""

import io
import socket
import threading

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519


def key_of_ed25519(password):
    made = ed25519.Ed25519PrivateKey.generate()
    encryption = serialization.BestAvailableEncryption(password.encode())
    text = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, encryption
    )
    return paramiko.Ed25519Key.from_private_key(io.StringIO(text.decode()), password)


class Server(paramiko.ServerInterface):
    def __init__(self, known):
        self.known = known

    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        known = username == "box" and key == self.known
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        def answer():
            channel.sendall(b"ran " + command + b" with " + channel.recv(100))
            channel.send_exit_status(3)
            channel.close()

        threading.Thread(target=answer).start()
        return True


def session(host, user, offered):
    ours, theirs = socket.socketpair()
    server = paramiko.Transport(theirs)
    server.add_server_key(host)
    server.start_server(server=Server(user), event=threading.Event())
    client = paramiko.Transport(ours)
    try:
        client.connect(hostkey=host, username="box", pkey=offered)
        channel = client.open_session()
        channel.exec_command("tool")
        channel.sendall(b"input")
        said = b"".join(iter(lambda: channel.recv(100), b""))
        assert (said, channel.recv_exit_status()) == (b"ran tool with input", 3)
        return client.remote_cipher
    finally:
        client.close()
        server.close()


host = paramiko.ECDSAKey.generate()
for user in (
    key_of_ed25519("secret"),
    paramiko.RSAKey.generate(2048),
    paramiko.ECDSAKey.generate(),
):
    session(host, user, user)
    kept = io.StringIO()
    if not isinstance(user, paramiko.Ed25519Key):
        user.write_private_key(kept, password="secret")
        again = type(user).from_private_key(io.StringIO(kept.getvalue()), "secret")
        assert again == user
    print(user.get_name())
try:
    session(host, user, paramiko.ECDSAKey.generate())
except paramiko.AuthenticationException:
    print("another's key: refused")
