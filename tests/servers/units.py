"""Starts what a systemd unit says, as its user and with its environment, on machines where systemd is not running.

Of a unit is read what decides who a process is and what it sees: command, user, folders, environment, umask, how it
is stopped. The walls around it (ProtectSystem and its kin) are systemd's own and are not built here.
"""

import grp
import os
import pwd
import shlex
import socket
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import Process, start
from tests.variables import environment

MINUTE = 60.0


@dataclass(frozen=True)
class Unit:
    """A service's settings, each as often as it is given."""

    name: str
    settings: Mapping[str, list[str]]

    def one(self, name: str, default: str = "") -> str:
        """The setting that counts when it is given once or several times: the last."""
        return self.settings.get(name, [default])[-1]

    @property
    def user(self) -> pwd.struct_passwd:
        """Whom it runs as."""
        return pwd.getpwnam(self.one("User"))

    @property
    def environment(self) -> dict[str, str]:
        """What the process sees: of a variable that is set twice, a file's value counts, as with systemd."""
        user = self.user
        seen = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        seen |= {"USER": user.pw_name, "LOGNAME": user.pw_name, "HOME": user.pw_dir}
        for line in self.settings.get("Environment", []):
            seen |= dict(word.split("=", 1) for word in shlex.split(line))
        for path in self.settings.get("EnvironmentFile", []):
            seen |= environment(Path(path))
        return seen

    @property
    def command(self) -> list[str]:
        """Its ExecStart."""
        (command,) = self.settings["ExecStart"]
        return shlex.split(command)

    @property
    def stop_seconds(self) -> float:
        """How long it may take to stop before it is killed."""
        return float(self.one("TimeoutStopSec", "90"))


def read(path: Path, *, instance: str = "", places: Mapping[str, str]) -> Unit:
    """The unit in a file, with its folders moved to other places."""
    text = path.read_text()
    for shipped, here in places.items():
        text = text.replace(shipped, here)
    text = text.replace("%i", instance).replace("%h", "host")
    return of_lines(path.name.replace("@", f"@{instance}"), text.splitlines())


def of_lines(name: str, lines: list[str]) -> Unit:
    """The unit that these settings make."""
    settings: dict[str, list[str]] = {}
    for line in lines:
        if "=" in line and not line.startswith(("#", ";")):
            key, _equals, value = line.partition("=")
            settings.setdefault(key.strip(), []).append(value.strip())
    return Unit(name, settings)


def run(
    unit: Unit,
    *,
    logs: Path,
    state: Path,
    runtime: Path,
    arguments: list[str] | None = None,
    wait: bool = False,
) -> Process:
    """Start the unit's command as systemd would; with `wait`, or for a oneshot, return when it has ended well."""
    user = unit.user
    for kind, parent in (("StateDirectory", state), ("RuntimeDirectory", runtime)):
        for name in unit.settings.get(kind, []):
            folder = parent / name
            folder.mkdir(exist_ok=True)
            os.chown(folder, user.pw_uid, user.pw_gid)
            folder.chmod(int(unit.one(f"{kind}Mode", "0755"), 8))
    env = unit.environment
    notifies = unit.one("Type") == "notify"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as told:
        if notifies:
            address = logs / f"{unit.name}.notify"
            address.unlink(missing_ok=True)
            told.bind(str(address))
            address.chmod(0o777)
            env["NOTIFY_SOCKET"] = str(address)
        process = start(
            unit.name,
            [*unit.command, *(arguments or [])],
            folder=logs,
            env=env,
            user=user.pw_uid,
            group=grp.getgrnam(unit.one("Group") or user.pw_name).gr_gid,
            cwd=Path(unit.one("WorkingDirectory", "/")),
            umask=int(unit.one("UMask", "0022"), 8),
        )
        if notifies:
            told.settimeout(MINUTE)
            assert b"READY=1" in told.recv(4096), process.log_end()
    if wait or unit.one("Type") == "oneshot":
        code = process.running.wait(10 * MINUTE)
        assert code == 0, f"{unit.name}: {code}\n{process.log_end()}"
    return process


def stop(unit: Unit, process: Process) -> int:
    """Stop it as systemd does with KillMode=mixed: SIGTERM to the process alone, and what is left is killed."""
    return process.stop(unit.stop_seconds)
