"""Processes that a test run starts, and that never outlive it."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


class PartMissingError(Exception):
    """This machine lacks a part that a test needs; the message names it and says how to get it."""


class NotReadyError(Exception):
    """A server that was started did not become ready; the message ends with the end of its log."""


def die_with_the_test_run() -> None:
    """Have the kernel kill this process when the one that started it ends, however it ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    """A port of loopback on which nothing listened a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def find(program: str, package: str, *folders: str) -> str:
    """The path of a program. Raises PartMissingError, which names Debian's package."""
    path = shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *folders]))
    if path is None:
        raise PartMissingError(f"{program}: not on this machine (Debian: apt-get install {package})")
    return path


@dataclass
class Process:
    """A running server with its log."""

    name: str
    running: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its session."""
        return self.running.pid

    def stop(self, seconds: float = 10, *, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask the process to end, kill it when it has not after some seconds; returns its exit code."""
        if self.running.poll() is None:
            self.running.send_signal(by)
        try:
            return self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.running.wait()

    def kill(self) -> None:
        """Kill the process and whatever is left of its session's group."""
        if self.running.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.running.wait()

    def wait_until(self, ready: Callable[[], bool], seconds: float = 120) -> None:
        """Return when `ready` says so. Raises NotReadyError when time is up or the process has ended."""
        deadline = time.monotonic() + seconds
        while not ready():
            ended = self.running.poll() is not None
            if ended or time.monotonic() > deadline:
                what = f"ended with {self.running.returncode}" if ended else f"not ready in {seconds} s"
                raise NotReadyError(f"{self.name}: {what}\n{self.log_end()}")
            time.sleep(0.03)

    def log_end(self, lines: int = 30) -> str:
        """The last lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    folder: Path,
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
    cwd: Path | None = None,
    umask: int = -1,
) -> Process:
    """Start a server in a session of its own, its output going to `<folder>/<name>.log`."""
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        running = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd or folder,
            env=None if env is None else dict(env),
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            umask=umask,
            # Called after the change of user, which would clear it.
            preexec_fn=die_with_the_test_run,
        )
    return Process(name, running, log)


def listens(port: int) -> bool:
    """Whether something takes connections on that port of loopback."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def descendants(pid: int) -> set[int]:
    """The ids of the processes that this one started, of those that they started, and so on."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in parentheses, may hold anything.
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found


def is_alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[0] != "Z"
