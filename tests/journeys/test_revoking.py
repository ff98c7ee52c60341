"""A leaked token that is revoked: refused at once, by every process of the site."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.client import Pipeline, pipeline
from tests.servers.process import descendants
from tests.servers.site import Site


@pytest.fixture(scope="module")
def sender(embedded_site: Site) -> Pipeline:
    return pipeline(embedded_site, "leaking")


def web_processes(site: Site) -> list[int]:
    """Those that answer requests: gunicorn's workers, and not the process that starts them."""
    servers = [pid for pid in site.pids() if "gunicorn" in Path(f"/proc/{pid}/cmdline").read_text()]
    return [pid for pid in servers if not any("gunicorn" in _command(child) for child in descendants(pid))]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


@contextmanager
def alone(pid: int, others: list[int]) -> Iterator[None]:
    """The others stand still meanwhile, so that this process answers."""
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def test_every_process_refuses_it_from_the_first_request_on(embedded_site: Site, sender: Pipeline) -> None:
    known = web_processes(embedded_site)
    assert len(known) >= 2
    for pid in known:  # each has seen it as a good one
        with alone(pid, [other for other in known if other != pid]):
            assert sender.get("/token/").status_code == 200
    hint = sender.token[:10]
    code = (
        "from django.utils import timezone; from submissions import audit, tokens; "
        "from submissions.models import Token; "
        f"tokens.revoke(Token.objects.get(hint={hint!r}), by=audit.COMMAND, now=timezone.now())"
    )
    embedded_site.manage("shell", "--no-imports", "-c", code)
    for pid in known:
        with alone(pid, [other for other in known if other != pid]):
            answer = sender.get("/token/")
        assert (answer.status_code, answer.json()["code"]) == (401, "token-revoked")
