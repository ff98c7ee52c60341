"""`manage.py serve` with real processes: it starts, restarts and stops its parts, and leaves no orphan."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leaderboard import broker
from tests.servers.process import descendants, free_port, is_alive, start
from tests.servers.site import PROJECT, Site, clean_environment, embedded
from tests.services import Servers

PARTS = {"broker": "redis-server", "web": "gunicorn", "worker": "celery"}


@pytest.fixture(scope="module")
def folder(servers: Servers) -> Path:
    """One folder for all sites here: only the first has to prepare it."""
    return servers.new_folder("supervised")


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """A running embedded site, all of whose parts are up."""
    with embedded(folder, first_data=False, VERNIER_STATIC=str(folder.parent / "static")) as site:
        site.processes["serve"].wait_until(lambda: len(pids_by_part(site)) == 3 and workers_are_up(site))
        yield site


@pytest.fixture
def supervised(folder: Path) -> Iterator[Site]:
    """A site of the test's own."""
    with running_site(folder) as site:
        yield site


@pytest.fixture(scope="module")
def shared(servers: Servers) -> Iterator[Site]:
    """A site that no test stops."""
    with running_site(servers.new_folder("shared")) as site:
        yield site


def pids_by_part(site: Site) -> dict[str, int]:
    """The supervisor's own children, by part."""
    found: dict[str, int] = {}
    for pid in descendants(site.processes["serve"].pid):
        try:
            status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended since it was listed
        if int(status[1]) == site.processes["serve"].pid:
            found |= {part: pid for part, program in PARTS.items() if program in command}
    return found


def workers_are_up(site: Site) -> bool:
    """Whether gunicorn and Celery have started their own processes: two of each."""
    parts = pids_by_part(site)
    return all(len(descendants(parts[part])) >= 2 for part in ("web", "worker"))


def wait_until(done: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if is_alive(pid)}


def console(site: Site) -> str:
    return site.processes["serve"].log.read_text()


# A site that goes on running


def test_the_console_tells_the_address_and_the_logs(shared: Site) -> None:
    assert shared.base_url in console(shared)
    assert str(shared.var / "log") in console(shared)


def test_only_the_owner_may_open_the_broker_and_the_data(shared: Site) -> None:
    path = broker.socket_path(shared.var)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(shared.var.stat().st_mode) == 0o700


def test_a_second_site_on_the_same_data_is_refused(shared: Site) -> None:
    second = shared.manage("serve", check=False)
    assert second.returncode == 1
    assert "VERNIER_VAR" in second.stderr
    assert str(shared.processes["serve"].pid) in second.stderr


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_dies_is_started_again(shared: Site, part: str) -> None:
    killed = pids_by_part(shared)[part]
    below = descendants(killed)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: pids_by_part(shared).get(part, killed) != killed)
    assert not alive(below)
    assert f"{part} ended (killed by signal 9)" in console(shared)
    shared.wait_until_up()


# Sites that end


def test_ctrl_c_stops_everything_and_is_no_failure(supervised: Site) -> None:
    pids = supervised.pids()
    assert supervised.processes["serve"].stop(60, by=signal.SIGINT) == 0
    assert not alive(pids)
    assert console(supervised).endswith("Stopping.\nStopped.\n")


def test_stopped_by_a_signal_it_starts_again_with_little_work(folder: Path, supervised: Site) -> None:
    pids = supervised.pids()
    assert supervised.processes["serve"].stop(60) == 0
    assert not alive(pids)
    log = (supervised.var / "log" / "web.log").read_text()
    with embedded(folder, first_data=False, VERNIER_STATIC=str(folder.parent / "static")) as again:
        logs = again.var / "log"
        assert (logs / "web.log.1").read_text() == log
        # What a second start finds in place it does not do again: no job has written a second log.
        assert (logs / "migrate.log").exists()
        assert not (logs / "migrate.log.1").exists()
        assert not (logs / "static.log.1").exists()


def test_killing_the_supervisor_leaves_no_orphan(supervised: Site) -> None:
    pids = supervised.pids()
    os.kill(supervised.processes["serve"].pid, signal.SIGKILL)
    supervised.processes["serve"].running.wait()
    wait_until(lambda: not alive(pids), seconds=10)


def test_the_site_stops_when_the_process_it_is_tied_to_is_killed(folder: Path) -> None:
    with tied_site(folder) as (shell, pids):
        os.kill(shell, signal.SIGKILL)
        wait_until(lambda: not alive(pids), seconds=60)


# Refusals


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = serve(tmp_path / "var", port)
    assert refused.returncode == 1
    assert f"Port {port} is taken. Set VERNIER_PORT" in refused.stderr
    assert refused.stdout == ""


def test_a_long_path_of_the_data_does_not_lengthen_the_socket_s(tmp_path: Path) -> None:
    short, long = tmp_path / "var", tmp_path / ("v" * 100)
    assert broker.socket_path(short) == short / "run" / "redis.sock"
    assert len(os.fsencode(broker.socket_path(long))) <= broker.LONGEST_SOCKET_PATH
    assert broker.socket_path(long) != broker.socket_path(tmp_path / ("w" * 100))


def test_a_socket_s_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(broker.NoBrokerError, match="not a folder of ours"):
        broker.make_private_folder(tmp_path / "link")


def serve(var: Path, port: int) -> subprocess.CompletedProcess[str]:
    env = clean_environment() | {"VERNIER_VAR": str(var), "VERNIER_PORT": str(port)}
    return subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=PROJECT, env=env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@contextmanager
def tied_site(folder: Path) -> Iterator[tuple[int, set[int]]]:
    """A site that a shell started as `make` does; gives the shell's process id and those of the site."""
    port = free_port()
    env = clean_environment() | {"VERNIER_VAR": str(folder / "var"), "VERNIER_PORT": str(port)}
    command = f"{sys.executable} manage.py serve --without-first-data --with-parent; true"
    shell = start("tied", ["sh", "-c", command], folder=folder, env=env, cwd=PROJECT)
    try:
        shell.wait_until(lambda: len(descendants(shell.pid)) >= 8, seconds=120)
        yield shell.pid, descendants(shell.pid)
    finally:
        shell.stop()
