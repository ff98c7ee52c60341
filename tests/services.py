"""Starts the real servers that tests run against; loaded as a pytest plugin before settings are read.

Fixtures start a server when the first test asks for it. One that this machine cannot have is skipped by name,
and with CI=true that is a failure.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import cached_property
from itertools import chain
from pathlib import Path, PurePath
from typing import Literal

import pytest

from tests.servers import ceph, chromium, postgres, redis, s3, site
from tests.servers.process import PartMissingError

PREFIX = "vernier-tests-"
KEPT = ("VERNIER_REFERENCE", "VERNIER_TEST_DATABASE")


class Servers:
    """The servers of this test run, each started when first asked for and stopped when the run ends."""

    def __init__(self) -> None:
        """Make the folder of the run, and remove those of runs that were killed."""
        remove_leftovers()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        # PostgreSQL's user must be able to pass; what lies below is closed.
        self.folder.chmod(0o711)
        self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._stack = ExitStack()
        self._pid = os.getpid()
        self._folders = 0

    @cached_property
    def postgres(self) -> postgres.Postgres:
        """PostgreSQL. Raises PartMissingError, as all of these do."""
        return self._stack.enter_context(postgres.running(self.new_folder("postgres")))

    @cached_property
    def redis(self) -> redis.Redis:
        """Redis, the test run's own."""
        return self._stack.enter_context(redis.running(self.new_folder("redis")))

    @cached_property
    def moto(self) -> s3.S3:
        """The S3 service that lets everybody in."""
        return self._stack.enter_context(s3.moto(self.new_folder("moto")))

    @cached_property
    def rgw(self) -> s3.S3:
        """The S3 service whose refusals are real."""
        return self._stack.enter_context(ceph.gateway(self.new_folder("ceph")))

    @contextmanager
    def site(
        self,
        kind: Literal["embedded", "production"] = "embedded",
        *,
        first_data: bool = True,
        **settings: str,
    ) -> Iterator[site.Site]:
        """Run the whole site on fresh stores; `settings` are further variables of its environment."""
        folder = self.new_folder(kind)
        # Collecting takes longer than all else at a start, and every site's are the same.
        settings = {"VERNIER_STATIC": str(self.folder / "static")} | settings
        if kind == "embedded":
            with site.embedded(folder, first_data=first_data, **settings) as running:
                yield running
            return
        with (
            redis.running(self.new_folder("redis")) as broker,
            site.production(
                folder,
                postgres=self.postgres,
                redis=broker,
                s3=self.gateway_or_moto(),
                first_data=first_data,
                workers=1,
                **settings,
            ) as running,
        ):
            yield running

    def gateway_or_moto(self) -> s3.S3:
        """The gateway; moto where it cannot be had, unless everything must be had."""
        try:
            return self.rgw
        except PartMissingError:
            if nothing_may_be_missing():
                raise
            return self.moto

    def new_folder(self, name: str) -> Path:
        """A fresh folder of the run."""
        self._folders += 1
        folder = self.folder / f"{self._folders}-{name}"
        folder.mkdir(mode=0o700)
        return folder

    def close(self) -> None:
        """Stop everything and remove the folder. In a forked child, nothing."""
        if os.getpid() != self._pid:
            return
        self._stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def remove_leftovers() -> None:
    """Remove the folders of test runs that ended without doing so; a living one holds its lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = os.open(folder / "lock", os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def nothing_may_be_missing() -> bool:
    """Whether a part that cannot be had fails the tests that need it, rather than skipping them."""
    return os.environ.get("CI") == "true"


@contextmanager
def or_skip() -> Iterator[None]:
    """Skip the test, or fail it in CI, when the block finds that a part is missing."""
    try:
        yield
    except PartMissingError as error:
        if nothing_may_be_missing():
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def set_environment(folder: Path) -> None:
    """Let nothing of the developer's own site be seen, nor touched, by the tests."""
    for name in [name for name in os.environ if name.startswith("VERNIER_") and name not in KEPT]:
        del os.environ[name]
    os.environ["VERNIER_VAR"] = str(folder / "var")


# Before any other plugin reads the settings.
SERVERS = Servers()
atexit.register(SERVERS.close)
set_environment(SERVERS.folder)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the database be chosen, and a file to which to add how long each part took."""
    parser.addoption(
        "--database",
        choices=("sqlite", "postgres"),
        default=os.environ.get("VERNIER_TEST_DATABASE") or "sqlite",
        help="what Django's tests run on (default: VERNIER_TEST_DATABASE, else sqlite)",
    )
    parser.addoption("--times", type=Path, help="add the seconds of each part to this file")


# A wrapper comes before pytest-django's own hook, which reads the settings.
@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start PostgreSQL when Django's tests are to run on it."""
    if early_config.known_args_namespace.database == "postgres":
        try:
            os.environ["VERNIER_DATABASE_URL"] = SERVERS.postgres.new_database("vernier")
            # The database alone is another: the tests speak plain HTTP, and their key is made for them.
            os.environ["VERNIER_EMBEDDED"] = "1"
        except PartMissingError as error:
            raise pytest.UsageError(str(error)) from None
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how long each part took: a folder, together with the servers that its tests were the first to ask for."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for report in chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            seconds[PurePath(report.nodeid.partition("::")[0]).parts[1]] += report.duration
    on = {"sqlite": "", "postgres": " on PostgreSQL"}[config.option.database]
    lines = [f"{spent:6.0f} s  tests/{part}{on}" for part, spent in sorted(seconds.items())]
    terminalreporter.section("time of each part")
    terminalreporter.write("".join(f"{line}\n" for line in lines))
    if config.option.times:
        config.option.times.parent.mkdir(exist_ok=True)
        with config.option.times.open("a") as times:
            times.writelines(f"{line}\n" for line in lines)


@pytest.fixture(scope="session")
def servers() -> Servers:
    """All servers, for a test that starts some of its own."""
    return SERVERS


@pytest.fixture(scope="session")
def postgres_url(servers: Servers) -> str:
    """The URL of an empty PostgreSQL database."""
    with or_skip():
        return servers.postgres.new_database("tests")


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """The URL of the test run's own Redis."""
    with or_skip():
        return servers.redis.url


@pytest.fixture(scope="session")
def moto(servers: Servers) -> s3.S3:
    """An S3 service that lets everybody in."""
    with or_skip():
        return servers.moto


@pytest.fixture(scope="session")
def rgw(servers: Servers) -> s3.S3:
    """Ceph's gateway: an S3 service whose refusals are real."""
    with or_skip():
        return servers.rgw


@pytest.fixture(scope="session", name="chromium")
def _chromium() -> chromium.Chromium:
    """The browser for playwright."""
    with or_skip():
        return chromium.installed()


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of the authors' published files. It does not come with the project, so it may be absent."""
    folder = os.environ.get("VERNIER_REFERENCE")
    if not folder:
        pytest.skip("VERNIER_REFERENCE: names no folder with the reference data")
    return Path(folder).resolve(strict=True)


@pytest.fixture(scope="session", name="site")
def _site(servers: Servers) -> Callable[..., AbstractContextManager[site.Site]]:
    """Run a site: `with site("production") as running: ...`."""

    @contextmanager
    def run(
        kind: Literal["embedded", "production"] = "embedded", *, first_data: bool = True, **settings: str
    ) -> Iterator[site.Site]:
        with ExitStack() as stack:
            with or_skip():
                running = stack.enter_context(servers.site(kind, first_data=first_data, **settings))
            yield running

    return run


@pytest.fixture(scope="session")
def embedded_site(site: Callable[..., AbstractContextManager[site.Site]]) -> Iterator[site.Site]:
    """One embedded site with its first data, shared by the tests of a run."""
    with site("embedded") as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="session")
def production_site(site: Callable[..., AbstractContextManager[site.Site]]) -> Iterator[site.Site]:
    """One site on PostgreSQL, Redis and S3 with its first data, shared by the tests of a run."""
    with site("production") as running:
        running.wait_until_ready()
        yield running
