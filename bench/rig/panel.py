"""A browser's work at the panel, without the browser: signs in and asks for pages over one connection that is kept alive."""

import http.client
import os
import re
import time
import urllib.parse

from .process import Failure


class Panel:
    """One browser, kept alive."""

    def __init__(self, server, account):
        self.server, self.account = server, account
        self.cookies = {}
        self.connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=120)
        password = "correct horse battery staple"
        secret = os.path.join(server.folder, "password")
        with open(secret, "w") as file:
            file.write(password)
        server.cli("account", "passwd", account, "--password-file", secret)
        self.send("/sign-in", "/sign-in", {"name": account, "password": password})

    def send(self, page, to, fields):
        """The form of a page, filled in."""
        token = re.search(r'name="form_token" value="([^"]+)"', self.get(page)[2]).group(1)
        status, _, text = self.request("POST", to, urllib.parse.urlencode({"form_token": token, **fields}))
        if status != 303:
            raise Failure(f"{status} at {to}: {text[:300]}")

    def request(self, method, path, body=None):
        headers = {"Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begin = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        took = (time.perf_counter() - begin) * 1000
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                cookie, content = value.split(";")[0].split("=", 1)
                self.cookies[cookie] = content
        return answer.status, took, text.decode()

    def get(self, path):
        return self.request("GET", path)
