"""Processes, folders and ports of one benchmark run; everything started here is stopped at the end, whatever happens."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request


class Failure(Exception):
    """Something that the person at the terminal has to know; printed without a traceback."""


def say(text):
    """Progress goes to standard error, results to standard output."""
    print(text, file=sys.stderr, flush=True)


class Yard:
    """The folder of a run and the processes in it. Use as a context manager."""

    def __init__(self, folder=None, keep=False):
        self.keep = keep or folder is not None
        self.folder = os.path.abspath(folder) if folder else tempfile.mkdtemp(prefix="tollgate-bench-")
        os.makedirs(self.folder, exist_ok=True)
        # PostgreSQL runs as another user and has to reach its folder below this one.
        os.chmod(self.folder, 0o755)
        self.running = []

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_):
        for name, process in reversed(self.running):
            stop(name, process)
        if self.keep:
            say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        """A path inside the run's folder."""
        return os.path.join(self.folder, *parts)

    def start(self, name, command, env=None):
        """Starts a server; its output goes to NAME.log in the folder."""
        with open(self.path(f"{name}.log"), "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True)
        self.running.append((name, process))
        return process

    def stop(self, process):
        """Stops one server before the end of the run."""
        for entry in list(self.running):
            if entry[1] is process:
                self.running.remove(entry)
                stop(entry[0], process)

    def tail(self, name, lines=15):
        """The end of a server's log, for error messages."""
        try:
            with open(self.path(f"{name}.log"), errors="replace") as log:
                return "".join(log.readlines()[-lines:])
        except OSError:
            return "(no log)"


def stop(name, process):
    """SIGINT first (PostgreSQL: fast shutdown), then harder."""
    if process.poll() is not None:
        return
    for number, patience in ((signal.SIGINT if name.startswith("postgres") else signal.SIGTERM, 30), (signal.SIGKILL, 5)):
        process.send_signal(number)
        try:
            process.wait(patience)
            return
        except subprocess.TimeoutExpired:
            say(f"{name} did not stop within {patience} s")


def run(command, timeout_secs=120, **more):
    """Runs a command to its end; its output is returned, and shown if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_secs, **more)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def free_port(kind=socket.SOCK_DGRAM):
    """A port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(check, what, timeout_secs, process=None):
    """Polls until `check()` is true."""
    end = time.monotonic() + timeout_secs
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            raise Failure(f"{what}: the process ended with {process.returncode}")
        if check():
            return
        time.sleep(0.02)
    raise Failure(f"{what}: not within {timeout_secs} s")


def http_get(url, timeout_secs=5):
    """Status and body of an HTTP GET; (0, "") if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_secs) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, ""
    except (OSError, urllib.error.URLError):
        return 0, ""


def memory_octets(pid, field):
    """VmRSS, VmHWM and the like of a process, octets."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise Failure(f"no {field} in /proc/{pid}/status")


def install(packages, proof):
    """Installs Debian packages if the file `proof` is absent, without letting the daemons they bring start."""
    if os.path.exists(proof):
        return
    if os.geteuid() != 0:
        raise Failure(f"{proof} is missing; install {' '.join(packages)} first, or run this as root")
    say(f"installing {' '.join(packages)}")
    policy = "/usr/sbin/policy-rc.d"
    ours = not os.path.exists(policy)
    if ours:
        with open(policy, "w") as script:
            script.write("#!/bin/sh\nexit 101\n")
        os.chmod(policy, 0o755)
    try:
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        run(["apt-get", "update", "-q"], 600, env=env)
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], 1200, env=env)
    finally:
        if ours:
            os.unlink(policy)
