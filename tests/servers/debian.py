"""A plain Debian host as deploy/README.md sets it up, in a folder: units, users, nginx, and what they stand on."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from submissions.storage import S3Account
from tests.servers import redis, units
from tests.servers.postgres import Postgres
from tests.servers.process import PartMissingError, Process, find, free_port, listens, start
from tests.servers.s3 import S3, Buckets
from tests.servers.site import PROJECT
from tests.servers.units import Unit
from tests.variables import EXAMPLE, ROLE_EXAMPLE, environment

DEPLOY = PROJECT / "deploy"
ROLES = ("web", "worker", "organizer")
SHIPPED = ("deploy", "leaderboard", "submissions", "scoring", "manage.py", "requirements.lock", "LICENSE")


@dataclass
class Host:
    """The host's folders and what runs on it."""

    folder: Path
    https_port: int
    http_port: int
    web_port: int
    accounts: dict[str, S3Account]
    buckets: Buckets
    database_url: str
    metrics_token: str = field(default_factory=lambda: secrets.token_hex(16))
    running: dict[str, tuple[Unit, Process]] = field(default_factory=dict)

    @property
    def places(self) -> dict[str, str]:
        """Where the host's folders are."""
        return {
            shipped: f"{self.folder}{shipped}"
            for shipped in ("/opt/vernier", "/etc/vernier", "/var/lib/vernier", "/run/vernier")
        }

    @property
    def url(self) -> str:
        """Where the site is found."""
        return f"https://localhost:{self.https_port}"

    @property
    def certificate(self) -> Path:
        """Whom its clients have to trust."""
        return self.folder / "etc/nginx/vernier/tls/fullchain.pem"

    def unit(self, name: str, instance: str = "") -> Unit:
        """One of the shipped units."""
        return units.read(DEPLOY / "systemd" / name, instance=instance, places=self.places)

    def start(self, name: str, instance: str = "") -> Process:
        """`systemctl start`."""
        unit = self.unit(name, instance)
        process = units.run(
            unit, logs=self.folder / "log", state=self.folder / "var/lib", runtime=self.folder / "run"
        )
        if unit.one("Type") != "oneshot":
            self.running[unit.name] = unit, process
        return process

    def stop(self, name: str) -> int:
        """`systemctl stop`; returns the exit code."""
        unit, process = self.running.pop(name)
        return units.stop(unit, process)

    def manage(self, *arguments: str) -> str:
        """`deploy/manage.sh`, without systemd-run: its user, its environment, its command. Returns what it prints."""
        script = (DEPLOY / "manage.sh").read_text()
        settings = re.findall(r"--property=(\S+)", script)
        settings += [f"Environment={said}" for said in re.findall(r"--setenv=(\S+)", script)]
        (command,) = re.findall(r"^ +(/opt/\S+ /opt/\S+/manage\.py) ", script, re.MULTILINE)
        text = "\n".join([*settings, f"ExecStart={command}"])
        for shipped, here in self.places.items():
            text = text.replace(shipped, here)
        unit = units.of_lines(f"manage-{secrets.token_hex(4)}", text.splitlines())
        return units.run(
            unit,
            logs=self.folder / "log",
            state=self.folder / "var" / "lib",
            runtime=self.folder / "run",
            arguments=list(arguments),
            wait=True,
        ).log_end()


@contextmanager
def host(folder: Path, *, postgres: Postgres, s3: S3) -> Iterator[Host]:
    """Set the host up in the folder and start what the units and nginx say. Raises PartMissingError."""
    for program, package in (("nginx", "nginx"), ("systemd-sysusers", "systemd"), ("openssl", "openssl")):
        find(program, package)
    if os.geteuid() != 0:
        raise PartMissingError("root: units run as users of their own")
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.enter_context(users())
        (folder / "redis").mkdir()
        broker = stack.enter_context(redis.running(folder / "redis", DEPLOY / "redis.conf"))
        made = Host(
            folder,
            https_port=free_port(),
            http_port=free_port(),
            web_port=free_port(),
            accounts={role: s3.account(role) for role in ROLES},
            buckets=s3.new_buckets_by_policy(),
            database_url=postgres.new_database(f"host_{secrets.token_hex(4)}"),
        )
        for name in ("log", "var/lib", "run", "etc/vernier"):
            (folder / name).mkdir(parents=True)
        (folder / "log").chmod(0o755)
        # In place of a mail server: both web and worker write there.
        (folder / "mail").mkdir()
        (folder / "mail").chmod(0o1777)
        install(made)
        write_environment(made, broker.url)
        stack.callback(lambda: [made.stop(name) for name in list(made.running)])
        made.start("vernier-setup.service")
        made.start("vernier-web.service")
        made.start("vernier-beat.service")
        for instance in ("1", "2"):
            made.start("vernier-worker@.service", instance)
        nginx = start_nginx(made)
        stack.callback(nginx.stop)
        yield made


@contextmanager
def users() -> Iterator[None]:
    """Make the users that the shipped file names, and remove those that were not there before."""
    shipped = DEPLOY / "systemd" / "sysusers.conf"
    names = re.findall(r"^u (\S+)", shipped.read_text(), re.MULTILINE)
    missing = [
        name for name in names if subprocess.run(["id", name], capture_output=True, check=False).returncode
    ]
    subprocess.run(["systemd-sysusers", shipped], check=True)
    try:
        yield
    finally:
        for name in missing:
            subprocess.run(["userdel", name], check=True, capture_output=True)


def install(made: Host) -> None:
    """Put the program where its users can read it."""
    program = made.folder / "opt" / "vernier"
    program.mkdir(parents=True)
    for name in SHIPPED:
        if (PROJECT / name).is_dir():
            shutil.copytree(
                PROJECT / name, program / name, ignore=shutil.ignore_patterns("*.env", ".env", "tls")
            )
        else:
            shutil.copy2(PROJECT / name, program / name)
    make_venv(program / ".venv")
    for path in (made.folder / "opt", made.folder / "etc", made.folder / "var"):
        subprocess.run(["chmod", "-R", "a+rX", path], check=True)


def make_venv(folder: Path) -> None:
    """Make an environment as deploy/venv.sh does, of the packages that are here, on a Python that any user may run."""
    interpreter = Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}")
    if not others_may_enter(interpreter.parent):
        # The system's own: as on the host, where /opt/vernier/.venv is made of it.
        interpreter = Path("/usr/bin", interpreter.name)
        if not interpreter.exists():
            raise PartMissingError(f"{interpreter.name}: only where no other user may run it")
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(interpreter)
    (folder / "pyvenv.cfg").write_text(f"home = {interpreter.parent}\ninclude-system-site-packages = false\n")
    packages = Path(sys.prefix, "lib")
    if others_may_enter(packages):
        (folder / "lib").symlink_to(packages)
    elif subprocess.run(["cp", "-al", packages, folder], capture_output=True, check=False).returncode:
        subprocess.run(["cp", "-a", packages, folder], check=True)


def others_may_enter(folder: Path) -> bool:
    """Whether any user may read what is in the folder."""
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def write_environment(made: Host, redis_url: str) -> None:
    """Fill the shipped examples in, as the guide says."""
    s3 = made.accounts["web"]
    site = environment(EXAMPLE) | {
        "VERNIER_HOSTS": "localhost",
        "VERNIER_URL": made.url,
        "VERNIER_SECRET_KEY": secrets.token_urlsafe(50),
        "VERNIER_DATABASE_URL": made.database_url,
        "VERNIER_REDIS_URL": redis_url,
        "VERNIER_EMAIL_URL": (made.folder / "mail").as_uri(),
        "VERNIER_ANSWERS": f"s3://{made.buckets.answers}",
        "VERNIER_TRUTH": f"s3://{made.buckets.truth}",
        "VERNIER_S3_ENDPOINT": s3.endpoint,
        "VERNIER_S3_REGION": s3.region,
        "VERNIER_BIND": f"127.0.0.1:{made.web_port}",
        "VERNIER_STATIC": str(made.folder / "var/lib/vernier/static"),
        "VERNIER_METRICS_TOKEN": made.metrics_token,
    }
    write(made.folder / "etc/vernier/site.env", site)
    assert set(environment(ROLE_EXAMPLE)) == {"VERNIER_S3_ACCESS_KEY", "VERNIER_S3_SECRET_KEY"}
    for role, account in made.accounts.items():
        keys = {"VERNIER_S3_ACCESS_KEY": account.access_key, "VERNIER_S3_SECRET_KEY": account.secret_key}
        write(made.folder / f"etc/vernier/{role}.env", keys)


def write(path: Path, variables: dict[str, str]) -> None:
    """Write an environment that root alone may read, as systemd does on its services' behalf."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))


NGINX = """
user www-data;
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include conf.d/*.conf;
}}
"""


def nginx_folder(folder: Path, *, upstream: str, changes: dict[str, str]) -> Path:
    """Lay out an /etc/nginx with the shipped files and a self-made certificate; returns its nginx.conf.

    Raises PartMissingError.
    """
    openssl = find("openssl", "openssl")
    (folder / "conf.d").mkdir(parents=True)
    (folder / "vernier" / "tls").mkdir(parents=True)
    for source, target in (
        ("vernier.conf", "conf.d/vernier.conf"),
        ("proxy.conf", "vernier/proxy.conf"),
        (upstream, "vernier/upstream.conf"),
    ):
        text = (DEPLOY / "nginx" / source).read_text()
        for shipped, here in changes.items():
            text = text.replace(shipped, here)
        (folder / target).write_text(text)
    tls = folder / "vernier" / "tls"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", tls / "privkey.pem", "-out", tls / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    main = folder / "nginx.conf"
    main.write_text(NGINX.format(folder=folder))
    return main


def start_nginx(made: Host) -> Process:
    """Start nginx with what is shipped, on ports of this host."""
    changes = {
        "listen [::]:80 default_server;\n": "\n",
        "listen [::]:443 ssl http2 default_server;\n": "\n",
        "listen 80 ": f"listen 127.0.0.1:{made.http_port} ",
        "listen 443 ": f"listen 127.0.0.1:{made.https_port} ",
        "127.0.0.1:8000": f"127.0.0.1:{made.web_port}",
        **made.places,
    }
    folder = made.folder / "etc" / "nginx"
    main = nginx_folder(folder, upstream="upstream.debian.conf", changes=changes)
    folder.chmod(0o755)
    process = start("nginx", [find("nginx", "nginx"), "-c", str(main)], folder=made.folder / "log")
    process.wait_until(lambda: listens(made.https_port))
    return process
