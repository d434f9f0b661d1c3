"""Runs the load generator and the limit responder."""

import glob
import json
import os
import subprocess

from .process import Failure, free_port, say, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def binary(given=None):
    """The generator's executable; built if there is none."""
    if given:
        return given
    found = _newest()
    sources = glob.glob(os.path.join(ROOT, "bench", "load", "*.rs"))
    if not found or os.path.getmtime(found) < max(map(os.path.getmtime, sources)):
        say("building the load generator")
        subprocess.run(["cargo", "bench", "--bench", "load", "--no-run"], cwd=ROOT, check=True)
        found = _newest()
    if not found:
        raise Failure("cargo built no load generator under target/release/deps")
    return found


def _newest():
    candidates = [path for path in glob.glob(os.path.join(ROOT, "target/release/deps/load-*")) if os.access(path, os.X_OK) and "." not in os.path.basename(path)]
    return max(candidates, key=os.path.getmtime, default=None)


class Load:
    """The generator with the flags that a whole run shares."""

    def __init__(self, path, shared=()):
        self.path = path
        self.shared = list(shared)

    def run(self, mode, port, pids=(), timeout_secs=300, **flags):
        """One measurement against 127.0.0.1:port; returns its JSON object. Flags: underscores for dashes, True for a bare flag."""
        command = [self.path, mode, "--server", f"127.0.0.1:{port}", *self.shared]
        if pids:
            command += ["--server-pids", ",".join(map(str, pids))]
        for key, value in flags.items():
            if value is None or value is False:
                continue
            command.append("--" + key.replace("_", "-"))
            if value is not True:
                command.append(str(value))
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout_secs)
        except subprocess.TimeoutExpired:
            raise Failure(f"{' '.join(command)}: not finished within {timeout_secs} s") from None
        if done.returncode != 0:
            raise Failure(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)


class Limit:
    """The limit responder: what is possible at all."""

    name = "limit"

    def __init__(self, yard, path, secret, port=None):
        self.yard, self.path, self.secret = yard, path, secret
        self.auth_port = self.acct_port = port or free_port()
        self.process = None

    def start(self):
        """Starts it; it answers at once."""
        self.process = self.yard.start(self.name, [self.path, "limit-serve", "--server", f"127.0.0.1:{self.auth_port}", "--secret", self.secret])
        probe = [self.path, "pap", "--server", f"127.0.0.1:{self.auth_port}", "--secret", self.secret, "--warmup", "0", "--seconds", "0.02", "--users", "10"]
        wait_until(lambda: json.loads(subprocess.run(probe, stdout=subprocess.PIPE, text=True, check=True).stdout)["accepts"] > 0, self.name, 20, self.process)

    def pids(self):
        """Its one process."""
        return [self.process.pid]

    def forget_accounting(self):
        """It remembers nothing."""
