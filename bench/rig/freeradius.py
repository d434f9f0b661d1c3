"""FreeRADIUS with a throw-away configuration: users in a file, or in PostgreSQL as most providers run it."""

import os
import subprocess

from .customers import SECRET, name, password, static_ip
from .postgres import Postgres
from .process import Failure, free_port, install, wait_until

HERE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "freeradius")
PACKAGED = "/etc/freeradius/3.0/mods-config/sql/main/postgresql"
GROUPS = 20
# What an Accept says besides the address; with the header about 150 octets, as Tollgate's and the limit responder's.
REPLY = {
    "Service-Type": "Framed-User",
    "Framed-Protocol": "PPP",
    "Mikrotik-Rate-Limit": '"10M/20M 12M/24M 9M/18M 8/8 5 1M/2M"',
    "Acct-Interim-Interval": "300",
    "Session-Timeout": "86400",
    "Class": '"freeradius-benchmark-class-00001"',
}


class FreeRadius:
    """One server. `variant`: files or sql."""

    def __init__(self, yard, variant, users, threads=None, auth_port=None, acct_port=None, secret=SECRET):
        install(["freeradius", "freeradius-utils", "freeradius-postgresql"], "/usr/sbin/freeradius")
        self.yard, self.variant, self.users, self.secret = yard, variant, users, secret
        self.threads = threads or (2 if variant == "files" else 8)
        self.auth_port = auth_port or free_port()
        self.acct_port = acct_port or free_port()
        self.name = f"freeradius-{variant}"
        self.folder = yard.path(self.name)
        self.postgres = Postgres(yard, "freeradius") if variant == "sql" else None
        self.process = None

    def start(self):
        """Writes configuration and users, starts the server, waits until it answers a login."""
        os.makedirs(self.folder, exist_ok=True)
        if self.variant == "files":
            self._write_users_file()
        else:
            self._fill_database()
        self._write_config()
        self.process = self.yard.start(self.name, ["/usr/sbin/freeradius", "-f", "-d", self.folder])
        try:
            wait_until(self._answers, self.name, 120, self.process)
        except Failure as failure:
            raise Failure(f"{failure}\n{self.yard.tail(self.name)}{self._own_log()}") from None

    def pids(self):
        """Processes whose CPU is this server's."""
        return [self.process.pid] + ([self.postgres.process.pid] if self.postgres else [])

    def forget_accounting(self):
        """Empties radacct, so that every round meets the same table."""
        if self.postgres:
            self.postgres.sql("radius", "TRUNCATE radacct; CHECKPOINT;")

    def _fill(self, template, values):
        with open(os.path.join(HERE, template)) as file:
            text = file.read()
        for word, value in values.items():
            text = text.replace(f"@{word}@", str(value))
        return text

    def _write_config(self):
        values = {
            "folder": self.folder,
            "secret": self.secret,
            "threads": self.threads,
            "auth_port": self.auth_port,
            "acct_port": self.acct_port,
            "sockets": self.postgres.sockets if self.postgres else "",
            "queries": f"{PACKAGED}/queries.conf",
            "source": self.variant,
            "accounting": "sql" if self.variant == "sql" else "ok",
        }
        values["modules"] = self._fill(f"{self.variant}.conf", values)
        with open(os.path.join(self.folder, "radiusd.conf"), "w") as file:
            file.write(self._fill("radiusd.conf", values))
        with open(os.path.join(self.folder, "dictionary"), "w") as file:
            file.write("# The distribution's dictionaries suffice.\n")
        # FreeRADIUS refuses configurations that others may write.
        os.chmod(self.folder, 0o755)

    def _write_users_file(self):
        reply = [f"{key} = {value}" for key, value in REPLY.items()]
        with open(os.path.join(self.folder, "users"), "w") as file:
            for number in range(1, self.users + 1):
                address = static_ip(number)
                first = f"Framed-IP-Address = {address}" if address else 'Framed-Pool = "pool1"'
                file.write(f'{name(number)} Cleartext-Password := "{password(number)}"\n\t' + ",\n\t".join([first, *reply]) + "\n\n")

    def _fill_database(self):
        self.postgres.start()
        self.postgres.create("radius")
        with open(f"{PACKAGED}/schema.sql") as file:
            self.postgres.sql("radius", file.read())
        numbers = f"generate_series(1, {self.users}) AS n"
        user = "'u' || lpad(n::text, 6, '0')"
        statements = [
            f"INSERT INTO radcheck (username, attribute, op, value) SELECT {user}, 'Cleartext-Password', ':=', 'pw' || lpad(n::text, 6, '0') FROM {numbers};",
            f"INSERT INTO radreply (username, attribute, op, value) SELECT {user}, 'Framed-IP-Address', ':=', "
            f"host('10.0.0.0'::inet + n) FROM {numbers};",
            f"INSERT INTO radusergroup (username, groupname, priority) SELECT {user}, 'group' || (n % {GROUPS}), 1 FROM {numbers};",
        ]
        for group in range(GROUPS):
            for key, value in REPLY.items():
                text = value.strip('"')
                statements.append(f"INSERT INTO radgroupreply (groupname, attribute, op, value) VALUES ('group{group}', '{key}', ':=', '{text}');")
        self.postgres.sql("radius", "\n".join(statements) + "\nVACUUM ANALYZE; CHECKPOINT;")

    def _own_log(self):
        try:
            with open(os.path.join(self.folder, "radius.log"), errors="replace") as log:
                return "".join(log.readlines()[-15:])
        except OSError:
            return ""

    def _answers(self):
        request = f'User-Name = "{name(1)}", User-Password = "{password(1)}"'
        done = subprocess.run(
            ["radclient", "-q", "-r", "1", "-t", "1", f"127.0.0.1:{self.auth_port}", "auth", self.secret],
            input=request, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )
        return done.returncode == 0
