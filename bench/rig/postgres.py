"""A private PostgreSQL in the run's folder, reached over a Unix socket; no TCP port."""

import glob
import os
import pwd
import shutil

from .process import Failure, install, run, wait_until

# As in the published comparison: memory and write-ahead log sized so that no checkpoint falls into a measurement; fsync stays on.
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_compression": "on",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "120",
}


class Postgres:
    """One cluster with trust authentication, owned by an unprivileged user (PostgreSQL refuses to run as root)."""

    def __init__(self, yard, name):
        install(["postgresql", "postgresql-contrib"], (glob.glob("/usr/lib/postgresql/*/bin/initdb") or ["/usr/lib/postgresql/bin/initdb"])[0])
        self.bin = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4].split(".")[0]))
        self.yard, self.name = yard, f"postgres-{name}"
        self.folder = yard.path(self.name)
        self.sockets = yard.path(f"{self.name}-run")
        self.process = None

    def start(self):
        """Creates the cluster if the folder is new and starts it."""
        os.makedirs(self.folder, exist_ok=True)
        os.makedirs(self.sockets, exist_ok=True)
        for folder in (self.folder, self.sockets):
            self._give_away(folder)
        if not os.path.exists(os.path.join(self.folder, "PG_VERSION")):
            run(self._as_owner("initdb", "-D", self.folder, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"), cwd="/")
        settings = [f"--{key}={value}" for key, value in SETTINGS.items()]
        self.process = self.yard.start(self.name, self._as_owner("postgres", "-D", self.folder, "-k", self.sockets, *settings))
        ready = [os.path.join(self.bin, "pg_isready"), "-q", "-h", self.sockets, "-U", "bench"]
        wait_until(lambda: os.spawnv(os.P_WAIT, ready[0], ready) == 0, self.name, 60, self.process)

    def _owner(self):
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise Failure("neither user postgres nor nobody exists")

    def _give_away(self, folder):
        if os.geteuid() == 0:
            os.chown(folder, self._owner().pw_uid, self._owner().pw_gid)

    def _as_owner(self, program, *arguments):
        command = [os.path.join(self.bin, program), *arguments]
        if os.geteuid() != 0:
            return command
        setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
        # setpriv replaces itself by the program, so the process started is the postmaster itself.
        return [setpriv, f"--reuid={self._owner().pw_uid}", f"--regid={self._owner().pw_gid}", "--clear-groups", *command]

    def sql(self, database, text, timeout_secs=600):
        """Runs SQL; returns what it prints, unaligned."""
        command = [os.path.join(self.bin, "psql"), "-h", self.sockets, "-U", "bench", "-d", database, "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        return run(command, timeout_secs, input=text)

    def create(self, database):
        """Creates an empty database, dropping one of that name."""
        self.sql("postgres", f"DROP DATABASE IF EXISTS {database};")
        self.sql("postgres", f"CREATE DATABASE {database};")

    def url(self, database):
        """A URL for Tollgate's `store.url`."""
        return f"postgres://bench@localhost/{database}?host={self.sockets}"
