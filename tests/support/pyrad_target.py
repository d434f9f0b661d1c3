"""pyrad as a router that takes CoA and Disconnect: prints its port, then a line for each request it carries out.

    pyrad_target.py SECRET

A request whose authenticator or Message-Authenticator is wrong is dropped by pyrad and prints nothing.
"""

import os
import socket
import sys

from pyrad import packet
from pyrad.dictionary import Dictionary
from pyrad.server import RemoteHost, Server

HERE = os.path.dirname(os.path.abspath(__file__))


class Router(Server):
    def acknowledge(self, word, request, code):
        print(word, request["User-Name"][0], request["Acct-Session-Id"][0], flush=True)
        reply = self.CreateReplyPacket(request)
        reply.code = code
        self.SendReplyPacket(request.fd, reply)

    def HandleCoaPacket(self, request):
        self.acknowledge("coa", request, packet.CoAACK)

    def HandleDisconnectPacket(self, request):
        self.acknowledge("disconnect", request, packet.DisconnectACK)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    port = free_port()
    hosts = {"127.0.0.1": RemoteHost("127.0.0.1", sys.argv[1].encode(), "server")}
    dictionary = Dictionary(os.path.join(HERE, "pyrad.dictionary"))
    router = Router(hosts=hosts, dict=dictionary, coaport=port, auth_enabled=False, acct_enabled=False, coa_enabled=True)
    router.BindToAddress("127.0.0.1")
    print(port, flush=True)
    router.Run()


if __name__ == "__main__":
    main()
