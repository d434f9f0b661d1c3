"""Tollgate, driven through its command line only."""

import contextlib
import os
import re
import socket
import sqlite3
import time

from .customers import SECRET, write_csv
from .load import ROOT
from .postgres import Postgres
from .process import Failure, free_port, http_get, run, wait_until
from .sql import Lite, Pg


class Tollgate:
    """One server on SQLite or on a private PostgreSQL."""

    def __init__(self, yard, binary=None, store="sqlite", name="tollgate", auth_port=None, acct_port=None, http_port=None, secret=SECRET, http=""):
        self.binary = binary or os.path.join(ROOT, "target/release/tollgate")
        if not os.access(self.binary, os.X_OK):
            raise Failure(f"{self.binary} is missing; build it with: cargo build --release")
        self.yard, self.store, self.secret = yard, store, secret
        self.name = name
        self.folder = yard.path(self.name)
        self.config = os.path.join(self.folder, "tollgate.toml")
        self.auth_port = auth_port or free_port()
        self.acct_port = acct_port or free_port()
        self.http_port = http_port or free_port(socket.SOCK_STREAM)
        self.http = http
        self.postgres = Postgres(yard, name) if store == "postgres" else None
        self.process = None

    def prepare(self, package_flags=(), is_filled=False):
        """Configuration, store, the router 127.0.0.1 and one package; a store that an earlier run has filled is only migrated."""
        os.makedirs(self.folder, exist_ok=True)
        url = f"sqlite:{self.folder}/tollgate.db"
        if self.postgres:
            self.postgres.start()
            self.postgres.create("tollgate")
            url = self.postgres.url("tollgate")
        with open(self.config, "w") as file:
            file.write(
                f'[store]\nurl = "{url}"\n\n[data]\nfolder = "{self.folder}/data"\n\n'
                f'[radius]\nauth = ["127.0.0.1:{self.auth_port}"]\nacct = ["127.0.0.1:{self.acct_port}"]\n\n'
                f'[http]\nlisten = ["127.0.0.1:{self.http_port}"]\n{self.http}\n'
            )
        os.makedirs(f"{self.folder}/data", exist_ok=True)
        self.cli("migrate")
        if is_filled:
            return
        self.cli("router", "add", "bench", "--address", "127.0.0.1", "--secret", self.secret)
        self.cli("package", "add", "bench", "--download", "20M", "--upload", "10M", "--framed-pool", "pool1", "--session-timeout", "86400", *package_flags)

    def cli(self, *arguments, timeout_secs=900):
        """One command with this server's configuration."""
        return run([self.binary, "--config", self.config, *arguments], timeout_secs, cwd=self.folder)

    @contextlib.contextmanager
    def sql(self):
        """The store, to write rows into while no server runs."""
        store = Pg(self.postgres, "tollgate") if self.postgres else Lite(os.path.join(self.folder, "tollgate.db"))
        try:
            yield store
        finally:
            store.close()

    def import_customers(self, count, write=write_csv):
        """Imports generated customers; returns the seconds it took."""
        path = os.path.join(self.folder, "customers.csv")
        write(path, count)
        begin = time.monotonic()
        self.cli("import", "customers", path)
        return time.monotonic() - begin

    def start(self, timeout_secs=180):
        """Starts the server; returns the seconds until /readyz said 200."""
        begin = time.monotonic()
        self.process = self.yard.start(self.name, [self.binary, "--config", self.config, "serve"])
        url = f"http://127.0.0.1:{self.http_port}/readyz"
        try:
            wait_until(lambda: http_get(url, 2)[0] == 200, self.name, timeout_secs, self.process)
        except Failure as failure:
            raise Failure(f"{failure}\n{self.yard.tail(self.name)}") from None
        return time.monotonic() - begin

    def stop(self):
        """Stops the server and waits for its end."""
        self.yard.stop(self.process)
        self.process = None

    def pids(self):
        """Processes whose CPU is this server's, the database's with it."""
        return [self.process.pid] + ([self.postgres.process.pid] if self.postgres else [])

    def metric(self, wanted):
        """The largest sample of a metric, any labels; None if /metrics does not have it."""
        body = http_get(f"http://127.0.0.1:{self.http_port}/metrics")[1]
        values = [float(found[1]) for found in re.finditer(rf"^{re.escape(wanted)}(?:{{[^}}]*}})? (\S+)", body, re.MULTILINE)]
        return max(values, default=None)

    def wait_applied(self, timeout_secs=600):
        """Waits until the applier has caught up; returns its lag, seconds, None if the metric is absent."""
        end = time.monotonic() + timeout_secs
        # The gauge is a second old.
        time.sleep(1.5)
        lag = self.metric("tollgate_applier_lag_seconds")
        while lag is not None and lag > 0.5 and time.monotonic() < end:
            time.sleep(0.5)
            lag = self.metric("tollgate_applier_lag_seconds")
        return lag

    @contextlib.contextmanager
    def held_store(self):
        """While it lasts nobody can write into the SQLite store: the applier is held, the journal goes on."""
        if self.postgres:
            raise Failure("the acknowledge path alone is measured on SQLite")
        lock = sqlite3.connect(os.path.join(self.folder, "tollgate.db"), isolation_level=None, timeout=30)
        lock.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            lock.execute("ROLLBACK")
            lock.close()

    def forget_accounting(self):
        """Nothing is emptied: Tollgate runs with what earlier rounds left. Only its applier may catch up before the next round."""
        self.wait_applied(120)
