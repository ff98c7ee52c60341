"""Runs the embedded site: one process that starts broker, worker and web server, and stops them all.

Every part runs in a session of its own, so that Ctrl-C reaches this process alone, and dies with it by the
kernel's hand, so that not even SIGKILL leaves an orphan. Signals are waited for, never handled: nothing here
runs at an unexpected moment.
"""

import fcntl
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from leaderboard import broker, preparations
from submissions.orphans import die_with_parent

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOGS_KEPT = 3
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
GIVES_WAY = 10  # somebody waits for a page, and a score is a second later at most
STEADY_SECONDS = 60.0  # whoever ran for so long starts again without a long pause


class NotStartedError(Exception):
    """The site cannot start; the message says what to do about it."""


class StopRequestedError(Exception):
    """Somebody asked the site to stop."""


@dataclass
class Part:
    """A process of the site."""

    name: str
    command: list[str]
    role: str = "organizer"
    stop_seconds: float = 10.0
    ends: bool = False  # a job, which is done when it ends well
    nice: int = 0  # by how much it gives way to others on the processor
    running: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_seconds: float = FIRST_PAUSE_SECONDS
    again_at: float | None = None  # when to start it again after it died

    def has_ended(self) -> bool:
        """Whether it was started and is no longer running."""
        return self.running is not None and self.running.poll() is not None


@dataclass
class Supervisor:
    """Starts the site, keeps it running, stops it."""

    project: Path
    var: Path
    port: int
    say: Callable[[str], None]
    with_broker: bool = True
    with_first_data: bool = True
    parts: list[Part] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the site is found."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.var / "log"

    def run(self) -> None:
        """Run the site until somebody asks it to stop. Every process has ended when this returns.

        Raises NotStartedError: before anything is started when `var` or the port is in use.
        """
        with ExitStack() as stack:
            stack.enter_context(_signals_held_back())
            stack.enter_context(self._claim())
            stack.callback(self._stop)
            with suppress(StopRequestedError):
                self._start()
                self._watch()
            self.say(_("Stopping."))

    @contextmanager
    def _claim(self) -> Iterator[None]:
        """Make sure that `var` and the port are ours alone."""
        for folder in (self.var, self.var / "run", self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.var / "run" / "serve.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise NotStartedError(
                    _("A site already runs on %(var)s (process %(pid)s). Stop it, or set VERNIER_VAR.")
                    % {"var": self.var, "pid": lock.read().strip()}
                ) from None
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            if not _is_free(self.port):
                raise NotStartedError(
                    _(
                        "Port %(port)s is taken. Set VERNIER_PORT to a free one, for example VERNIER_PORT=8010."
                    )
                    % {"port": self.port}
                )
            self._broker_program = self._found_broker()
            yield

    def _found_broker(self) -> Path | None:
        if not self.with_broker:
            return None
        try:
            broker.make_private_folder(broker.socket_path(self.var).parent)
            return broker.executable()
        except broker.NoBrokerError as error:
            raise NotStartedError(str(error)) from error

    def _start(self) -> None:
        self.say(_("Vernier   data in %(var)s, logs in %(logs)s") % {"var": self.var, "logs": self.logs})
        self._start_broker()
        self._prepare()
        self._start_part(self._worker())
        self.say(_("worker    scores one submission at a time, sweeps every ten seconds"))
        web = self._start_part(self._web())
        self._wait_until(lambda: web.has_ended() or _listens(self.port))
        self._must_run(web)
        self.say(_("web       %(address)s") % {"address": self.address})
        if self.with_first_data:
            self._job("first-data", "load_first_data")
        self.say(_("Ready. Stop it with Ctrl-C."))

    def _start_broker(self) -> None:
        if not self._broker_program:
            self.say(_("broker    the one that VERNIER_REDIS_URL names"))
            return
        path = broker.socket_path(self.var)
        command = broker.command(self._broker_program, path)
        part = self._start_part(Part("broker", command, stop_seconds=5))
        self._wait_until(lambda: part.has_ended() or _answers_ping(path))
        self._must_run(part)
        self.say(_("broker    Redis on a socket of its own"))

    def _prepare(self) -> None:
        """Bring the database and the static files up to date, both at once."""
        fingerprint = preparations.static_fingerprint()
        jobs = []
        if preparations.migrations_are_pending():
            jobs.append(self._job("migrate", "migrate", "--no-input"))
        if not preparations.static_is_collected(fingerprint):
            jobs.append(self._job("static", "collectstatic", "--no-input", "--verbosity", "0"))
        self._wait_until(lambda: all(job.has_ended() for job in jobs))
        for job in jobs:
            self.parts.remove(job)
            self._must_run(job)
        preparations.note_static(fingerprint)
        self.say(_("database  up to date"))

    def _job(self, name: str, *arguments: str) -> Part:
        """Start a manage.py command that ends by itself."""
        command = [sys.executable, str(self.project / "manage.py"), *arguments]
        return self._start_part(Part(name, command, ends=True))

    def _must_run(self, part: Part) -> None:
        """Raise NotStartedError when the part failed at its first start: trying again would not help."""
        code = part.running.poll() if part.running else None
        if code is None or (part.ends and code == 0):
            return
        log = self._log(part)
        raise NotStartedError(
            _("%(name)s failed (%(how)s); %(log)s ends with:\n%(lines)s")
            % {"name": part.name, "how": _how(code), "log": log, "lines": _last_lines(log)}
        )

    def _worker(self) -> Part:
        command = [
            sys.executable, "-m", "celery", "-A", "leaderboard", "worker", "--beat",
            "--schedule", str(self.var / "run" / "beat"), "--concurrency", "1",
            "--without-gossip", "--without-mingle", "--loglevel", "INFO",
        ]  # fmt: skip
        return Part("worker", command, role="worker", stop_seconds=15, nice=GIVES_WAY)

    def _web(self) -> Part:
        configuration = str(self.project / "deploy" / "gunicorn.conf.py")
        return Part(
            "web", [sys.executable, "-m", "gunicorn", "--config", configuration], role="web", stop_seconds=12
        )

    def _log(self, part: Part) -> Path:
        return self.logs / f"{part.name}.log"

    def _start_part(self, part: Part) -> Part:
        if part not in self.parts:
            _rotate(self._log(part))
            self.parts.append(part)
        me = os.getpid()

        def before_exec() -> None:
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            die_with_parent(signal.SIGKILL, parent=me)
            os.nice(part.nice)

        with self._log(part).open("ab") as log:
            part.running = subprocess.Popen(  # noqa: S603 - commands of our own making
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.project,
                env=self._environment(part),
                start_new_session=True,
                preexec_fn=before_exec,
            )
        part.started_at = time.monotonic()
        part.again_at = None
        return part

    def _environment(self, part: Part) -> Mapping[str, str]:
        return os.environ | {
            "VERNIER_VAR": str(self.var),
            "VERNIER_PORT": str(self.port),
            "VERNIER_BIND": "",  # which goes before the port, where `_listens` looks
            "VERNIER_ROLE": part.role,
            "PYTHONUNBUFFERED": "1",
        }

    def _watch(self) -> None:
        """Start again what dies, until somebody asks to stop."""
        while True:
            now = time.monotonic()
            for part in list(self.parts):
                if part.again_at is not None and part.again_at <= now:
                    self._start_part(part)
                elif part.again_at is None and part.has_ended():
                    self._has_died(part, now)
            due = [part.again_at for part in self.parts if part.again_at is not None]
            _pause(max(min(due) - now, 0.01) if due else 60)

    def _has_died(self, part: Part, now: float) -> None:
        code = part.running.returncode if part.running else 0
        if part.ends and code == 0:
            self.parts.remove(part)
            self.say(_("The first data is in."))
            return
        if now - part.started_at > STEADY_SECONDS:
            part.pause_seconds = FIRST_PAUSE_SECONDS
        part.again_at = now + part.pause_seconds
        self.say(
            _("%(name)s ended (%(how)s) and starts again in %(seconds).1f s; see %(log)s")
            % {"name": part.name, "how": _how(code), "seconds": part.pause_seconds, "log": self._log(part)}
        )
        part.pause_seconds = min(part.pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    def _wait_until(self, done: Callable[[], bool]) -> None:
        while not done():
            _pause(0.02)

    def _stop(self) -> None:
        """Stop the parts, the last started first: nobody loses what it needs before it has ended."""
        for part in reversed(self.parts):
            if part.running:
                _end(part.running, part.stop_seconds)
        self.say(_("Stopped."))


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Keep the signals that we wait for from interrupting anything."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (*STOPPING, signal.SIGCHLD))
    try:
        yield
    finally:
        # What came in the meantime has been answered: let it not strike now.
        while signal.sigtimedwait((*STOPPING, signal.SIGCHLD), 0):
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _pause(seconds: float) -> None:
    """Wait, but no longer than until a part ends. Raises StopRequestedError when asked to stop."""
    received = signal.sigtimedwait((*STOPPING, signal.SIGCHLD), seconds)
    if received and received.si_signo in STOPPING:
        raise StopRequestedError


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a process to end; when time is up, kill it and what it started."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _rotate(log: Path) -> None:
    """Put the log of the last run aside, and the one before it further."""
    names = [log, *(log.with_suffix(f".log.{number}") for number in range(1, LOGS_KEPT + 1))]
    for newer, older in reversed(list(itertools.pairwise(names))):
        if newer.exists():
            newer.rename(older)


def _last_lines(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _how(code: int) -> str:
    if code < 0:
        return _("killed by signal %(number)s") % {"number": -code}
    return _("exit code %(code)s") % {"code": code}


def _is_free(port: int) -> bool:
    """Whether the web server could listen there; a site that was just killed is given a moment to go."""
    for _attempt in range(20):
        with socket.socket() as listener, suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen()
            return True
        time.sleep(0.05)
    return False


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _answers_ping(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(1)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(5) == b"+PONG"
    return False
