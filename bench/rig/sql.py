"""Rows written straight into a store of either kind, for books that would take hours to come about."""

import os
import sqlite3
import subprocess

from .process import Failure


class Lite:
    """SQLite, by Python's own driver."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None, timeout=60)
        self.db.execute("PRAGMA synchronous = OFF")
        # indexes in an order of chance are written once, not page by page
        self.db.execute("PRAGMA cache_size = -1000000")

    def all(self, text):
        return self.db.execute(text).fetchall()

    def one(self, text):
        return self.all(text)[0][0]

    def insert(self, table, columns, rows):
        marks = ", ".join("?" for _ in columns.split(","))
        self.db.execute("BEGIN")
        self.db.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
        self.db.execute("COMMIT")

    def update(self, table, columns, rows):
        """Rows by their id, which is the first column."""
        names = columns.split(", ")
        sets = ", ".join(f"{name} = ?{at + 2}" for at, name in enumerate(names[1:]))
        self.db.execute("BEGIN")
        self.db.executemany(f"UPDATE {table} SET {sets} WHERE {names[0]} = ?1", rows)
        self.db.execute("COMMIT")

    def analyze(self):
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self):
        self.db.close()


class Pg:
    """PostgreSQL, by psql and COPY."""

    def __init__(self, postgres, database):
        self.command = [os.path.join(postgres.bin, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", postgres.sockets, "-U", "bench", "-d", database]

    def run(self, text, data=None):
        done = subprocess.run([*self.command, "-c", text], input=data, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"psql: {done.stderr[:500]}")
        return done.stdout

    def all(self, text):
        rows = [line.split("|") for line in self.run(text).splitlines() if line]
        return [tuple(int(v) if v.lstrip("-").isdigit() else v for v in row) for row in rows]

    def one(self, text):
        return self.all(text)[0][0]

    def insert(self, table, columns, rows):
        lines = "".join("\t".join(map(copied, row)) + "\n" for row in rows)
        self.run(f"COPY {table} ({columns}) FROM STDIN", lines)

    def update(self, table, columns, rows):
        """Rows by their id, which is the first column."""
        names = columns.split(", ")
        self.run(f"CREATE TABLE IF NOT EXISTS bench_rows AS SELECT {columns} FROM {table} WHERE FALSE")
        self.insert("bench_rows", columns, rows)
        sets = ", ".join(f"{name} = r.{name}" for name in names[1:])
        self.run(f"UPDATE {table} t SET {sets} FROM bench_rows r WHERE r.{names[0]} = t.{names[0]}")
        self.run("DROP TABLE bench_rows")

    def analyze(self):
        self.run("VACUUM ANALYZE")

    def close(self):
        pass


def copied(value):
    """A value in COPY's text format."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
