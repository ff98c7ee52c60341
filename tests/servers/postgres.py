"""A throwaway PostgreSQL cluster."""

import os
import pwd
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.servers.process import PartMissingError, Process, find, free_port, start

SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@dataclass(frozen=True)
class Postgres:
    """A running cluster; `url` names its first database and a superuser."""

    process: Process
    url: str
    launch: Callable[[], Process]

    def stop(self) -> None:
        """Stop the cluster, cutting off whoever is connected."""
        self.process.stop(20, by=signal.SIGINT)

    def started_again(self) -> "Postgres":
        """The same after it was stopped, on the same data and port."""
        again = replace(self, process=self.launch())
        again.process.wait_until(lambda: answers(self.url))
        return again

    def new_database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()


@contextmanager
def running(folder: Path) -> Iterator[Postgres]:
    """Run a cluster in the folder. Raises PartMissingError."""
    postgres = find("postgres", "postgresql", *installed())
    owner = unprivileged()
    password = secrets.token_hex(16)
    port = free_port()
    data = folder / "data"
    password_file = folder / "password"
    password_file.write_text(password)
    if owner:
        for path in (folder, password_file):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    initdb = [str(Path(postgres).resolve().with_name("initdb")), "-D", str(data), "-U", "vernier"]
    initdb += [
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
    ]
    subprocess.run(
        initdb,
        check=True,
        capture_output=True,
        cwd=folder,
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
    )
    options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *SPEED]

    def launch() -> Process:
        return start(
            "postgres",
            [postgres, "-D", data, *(part for option in options for part in ("-c", option))],
            folder=folder,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
        )

    process = launch()
    url = f"postgresql://vernier:{password}@127.0.0.1:{port}/postgres"
    try:
        process.wait_until(lambda: answers(url))
        yield Postgres(process, url, launch)
    finally:
        process.stop()


def installed() -> list[str]:
    """Where Debian puts the server's programs, the newest version first."""
    return [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


def unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses root. None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PartMissingError("postgres: refuses to run as root, and there is no user postgres or nobody")


def answers(url: str) -> bool:
    """Whether the database takes connections."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
