"""pyrad as a RADIUS client: one request, its reply on standard output as JSON.

    pyrad_client.py auth HOST PORT SECRET pap|chap USER PASSWORD [with-ma]
    pyrad_client.py acct HOST PORT SECRET start|interim|stop USER SESSION OCTETS
    pyrad_client.py status HOST PORT SECRET

Replies to Access-Requests and Status-Server must carry a valid Message-Authenticator (enforce_ma); without an acceptable reply
within five seconds it exits with status 1.
"""

import hashlib
import json
import os
import sys

import pyrad.packet
from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary

HERE = os.path.dirname(os.path.abspath(__file__))
STATUS_TYPES = {"start": 1, "stop": 2, "interim": 3}


def access_request(client, method, user, password, *options):
    request = client.CreateAuthPacket(code=pyrad.packet.AccessRequest, User_Name=user)
    request["NAS-Identifier"] = "rw01"
    if method == "pap":
        request["User-Password"] = request.PwCrypt(password)
    else:
        challenge = os.urandom(16)
        request["CHAP-Challenge"] = challenge
        request["CHAP-Password"] = b"\x07" + hashlib.md5(b"\x07" + password.encode() + challenge).digest()
    if "with-ma" in options:
        request.add_message_authenticator()
    return request


def accounting_request(client, status, user, session, octets):
    request = client.CreateAcctPacket(User_Name=user)
    request["Acct-Status-Type"] = STATUS_TYPES[status]
    request["Acct-Session-Id"] = session
    request["NAS-Identifier"] = "rw01"
    request["NAS-IP-Address"] = "127.0.0.1"
    request["Acct-Input-Octets"] = int(octets)
    request["Acct-Output-Octets"] = int(octets)
    return request


def main():
    kind, host, port, secret, *rest = sys.argv[1:]
    client = Client(
        server=host,
        authport=int(port),
        acctport=int(port),
        secret=secret.encode(),
        dict=Dictionary(os.path.join(HERE, "pyrad.dictionary")),
        retries=1,
        timeout=5,
        enforce_ma=True,
    )
    if kind == "auth":
        request = access_request(client, *rest)
    elif kind == "acct":
        request = accounting_request(client, *rest)
    else:
        request = client.CreateAuthPacket(code=pyrad.packet.StatusServer)
        request.add_message_authenticator()
    try:
        reply = client.SendPacket(request)
    except Timeout:
        sys.exit("no acceptable reply")
    known = {name: [str(value) for value in reply[name]] for name in reply.keys() if isinstance(name, str)}
    print(json.dumps({"code": reply.code, "attributes": known}))


if __name__ == "__main__":
    main()
