"""The schema against the running site: schemathesis asks every call for what it says, and for what it rules out.

No fault of ours, and no answer that the schema does not describe: status, problem code, type and body. Each run tries
the same cases. When it fails it prints the call as a curl line, and what the schema says of it. A new call needs
nothing here, unless it ends what it is sent with, as a rotation does its token.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import material
from tests.journeys.client import Pipeline, pipeline
from tests.servers.site import Site

QUESTIONS = material.questions(10, seed=78)
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
CONFIGURATION = """
base-url = "{url}"
suppress-health-check = ["all"]
request-timeout = 30
workers = 2
continue-on-failure = true
warnings = false

[generation]
deterministic = true
max-examples = 12
database = "none"

[phases.stateful]
max-steps = 4
generation = {{ max-examples = 10 }}

[parameters]
"path.slug" = {{ dictionary = "slugs", probability = 0.7 }}
"path.submission_id" = {{ dictionary = "submissions", probability = 0.7 }}
"path.entry_id" = {{ dictionary = "entries", probability = 0.7 }}
"query.entries" = {{ dictionary = "pairs", probability = 0.5 }}

[dictionaries]
{dictionaries}"""


@dataclass(frozen=True)
class Rows:
    """What is there to be asked for."""

    pipe: Pipeline
    ending: str  # a token that may be lost
    submissions: list[str]
    entries: list[str]


@pytest.fixture(scope="module")
def rows(
    site: Callable[..., AbstractContextManager[Site]],
    postgres_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Rows]:
    """A site as `make run` starts it, but on PostgreSQL, with a submission in each state that lasts."""
    path = tmp_path_factory.mktemp("questions") / "questions.json"
    path.write_text(json.dumps(QUESTIONS))
    with site(
        "embedded", first_data=False, VERNIER_DATABASE_URL=postgres_url, VERNIER_EMBEDDED="1"
    ) as running:
        running.manage(
            "import_mmad", str(path), "--slug", "schema", "--daily-limit", "1000", "--total-limit", "5000"
        )
        pipe = pipeline(running, "schema-team", slug="schema")
        states = [
            pipe.outcome(material.answers(share, material=QUESTIONS), entry, visibility=visibility)
            for entry, share, visibility in (
                ("first", 0.9, "public"),
                ("second", 0.7, "public"),
                ("third", 0.5, "private"),
            )
        ]
        states.append(pipe.outcome(b"question_id,answer\nnone#0,A\n", "rejected"))
        ending = running.manage("create_token", "schema-team").stdout.strip()
        yield Rows(pipe, ending, [each["id"] for each in states], [each["entry"]["id"] for each in states])


def tried(rows: Rows, folder: Path, *arguments: str, token: str | None = None) -> int:
    """How many cases schemathesis tried, which must have found nothing."""
    configuration = folder / "schemathesis.toml"
    public = rows.entries[:2]
    pairs = [",".join(public), ",".join(rows.entries[1:3]), ",".join(reversed(public))]
    known = {
        "slugs": ["schema"],
        "submissions": rows.submissions,
        "entries": rows.entries,
        "pairs": pairs,
    }
    lists = "".join(f"{name} = {{ values = {json.dumps(values)} }}\n" for name, values in known.items())
    configuration.write_text(CONFIGURATION.format(url=rows.pipe.base_url, dictionaries=lists))
    as_whom = ["--header", f"Authorization: Bearer {token}"] if token else []
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration), "run"),
            f"{rows.pipe.api}/schema/?format=json",
            *("--checks", ",".join(CHECKS), *as_whom, *arguments),
        ],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "*", "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout[-20_000:]}{done.stderr[-4_000:]}"
    said = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert said, done.stdout
    assert said[1] == said[2], done.stdout
    return int(said[1])


def test_nobody_is_answered_otherwise_than_the_schema_says(rows: Rows, tmp_path: Path) -> None:
    assert tried(rows, tmp_path) > 500


def test_a_member_is_answered_as_the_schema_says(rows: Rows, tmp_path: Path) -> None:
    keeps = ("--exclude-operation-id", "token_rotate")
    assert tried(rows, tmp_path, *keeps, token=rows.pipe.token) > 500


def test_a_token_is_rotated_as_the_schema_says(rows: Rows, tmp_path: Path) -> None:
    assert tried(rows, tmp_path, "--include-operation-id", "token_rotate", token=rows.ending) > 30
