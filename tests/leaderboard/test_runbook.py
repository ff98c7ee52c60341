"""What the guides tell an operator to type can be typed."""

import re
import shlex
from io import StringIO

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.test import Client

from leaderboard.metrics import BUCKETS
from submissions import upload_switch
from tests import material
from tests.leaderboard.test_metrics import figures, metrics_are_on
from tests.servers.site import PROJECT

__all__ = ["metrics_are_on"]  # a fixture, used by its name

GUIDES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
NAMED = re.compile(r"manage\.py\s+([a-z_]\w*)")
TYPED = re.compile(r"`manage\.py ([^`]+)`")
FIGURE = re.compile(r"`(vernier_[a-z_]+)`")


def test_every_command_that_a_guide_names_exists() -> None:
    named = {name for path in GUIDES for name in NAMED.findall(path.read_text())}
    assert {"backup", "restore", "reconcile", "migrate", "uploads", "work"} <= named
    assert named <= set(get_commands())


@pytest.mark.parametrize("line", sorted(set(TYPED.findall((PROJECT / "docs" / "runbook.md").read_text()))))
def test_every_line_of_the_runbook_has_arguments_that_its_command_takes(line: str) -> None:
    name, *arguments = shlex.split(line.replace("…", ""))
    command = load_command_class(get_commands()[name], name)
    filled = [*arguments, "digest"] if arguments[-1:] == ["--sha256"] else arguments
    command.create_parser("manage.py", name).parse_args(filled)


@pytest.mark.django_db
def test_every_figure_that_a_guide_names_exists() -> None:
    named = {name for path in GUIDES for name in FIGURE.findall(path.read_text())}
    counted = {"vernier_http_requests_total"}  # once there was one
    assert named - counted <= {sample.partition(" ")[0] for sample in figures()}
    assert list(BUCKETS) == sorted(BUCKETS)


def said(*command: str) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().strip()


@pytest.mark.django_db
def test_uploads_are_closed_and_opened_by_command() -> None:
    benchmark, team = material.benchmark(), material.team("a")
    headers = {"authorization": f"Bearer {material.token(team)}"}
    address = f"/api/v1/benchmarks/{benchmark.slug}/submissions/"
    assert said("uploads") == "Uploads are open."
    assert said("uploads", "close", "Back at noon.") == said("uploads") == "Uploads are closed: Back at noon."
    refused = Client().post(address, {}, headers=headers)
    assert upload_switch.sentence() == "Back at noon."
    assert refused.status_code == 503
    assert said("uploads", "open") == "Uploads are open."
    assert Client().post(address, {}, headers=headers).status_code == 422
    with pytest.raises(CommandError):
        call_command("uploads", "open")
