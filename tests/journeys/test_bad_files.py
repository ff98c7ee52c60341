"""Bad files through the front door: each gets the right answer, nothing is lost, charged, told or used up.

Every limit that is promised for untrusted files is tried, over HTTP and on files as large as they may be, while all of
the site's processes are watched.
"""

import csv
import gzip
import io
import json
import pickle
import random
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests import material
from tests.hostile import LARGEST, WORST
from tests.journeys.client import Pipeline
from tests.journeys.visitor import Visitor
from tests.scoring import workbooks
from tests.servers.memory import MemoryWatch
from tests.servers.site import Site
from tests.truth_search import TruthSearch

SLUG = "bad-files"
GOOD = material.answers(seed=50)
LINES = GOOD.decode().splitlines()
TABLE = [line.rsplit(",", 1) for line in LINES]
ROWS = [dict(zip(("question_id", "answer"), line.rsplit(",", 1), strict=True)) for line in LINES[1:]]


@dataclass
class Sender(Pipeline):
    """A pipeline that keeps every word that it was told."""

    told: bytes = b""

    def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        answer = super().send(method, url, **options)
        self.told += answer.content + b"\n"
        return answer


@pytest.fixture(scope="module")
def watch(embedded_site: Site) -> Iterator[MemoryWatch]:
    """Over the site's processes, from before the first file to after the last."""
    with MemoryWatch(embedded_site.pids) as watching:
        yield watching


@pytest.fixture(scope="module")
def log_sizes(embedded_site: Site) -> dict[Path, int]:
    """What was written in the logs before the first file came."""
    return {log: log.stat().st_size for log in embedded_site.logs()}


@pytest.fixture(scope="module")
def owner(embedded_site: Site) -> Visitor:
    return Visitor(embedded_site.base_url, "bad-files@example.org").sign_up()


@pytest.fixture(scope="module")
def sender(
    embedded_site: Site,
    tmp_path_factory: pytest.TempPathFactory,
    owner: Visitor,
    watch: MemoryWatch,
    log_sizes: dict[Path, int],
) -> Sender:
    path = tmp_path_factory.mktemp("benchmark") / "mmad.json"
    path.write_text(json.dumps(material.questions()))
    limits = ("--daily-limit", str(len(READ)), "--total-limit", "100")
    embedded_site.manage("import_mmad", str(path), "--slug", SLUG, *limits)
    embedded_site.manage("create_team", "bad-files", "--owner", owner.address)
    token = embedded_site.manage("create_token", "bad-files").stdout.strip()
    return Sender(embedded_site.base_url, token, SLUG)


def bomb() -> bytes:
    """A gzip of a megabyte that unfolds to one gigabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(b"question_id,answer\n")
    block = b"x" * 1024 * 1024
    return start + b"".join(packer.compress(block) for _ in range(1024)) + packer.flush()


def gzip_beyond_the_cap() -> bytes:
    """A byte more than may be, of text that shrinks to half and no further: its ratio is an honest one."""
    text = random.Random(1).randbytes(LARGEST // 2).hex().encode()
    return gzip.compress(b"question_id,answer\n" + text[: LARGEST + 1 - 19], 1)


def zipped(data: bytes, name: str = "answers.csv") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def as_parquet() -> bytes:
    written = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(ROWS), written)
    return written.getvalue()


def footer_without_sense() -> bytes:
    """Noise between the two things that are looked at first: the magic and the footer's length."""
    return b"PAR1" + random.Random(3).randbytes(500) + (400).to_bytes(4, "little") + b"PAR1"


def tarred(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("answers.csv")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


REFUSED: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "empty": (lambda: b"", 422, "file-empty"),
    "blank": (lambda: b" \n" * 50_000, 422, "file-empty"),
    "an empty gzip": (lambda: gzip.compress(b""), 422, "file-empty"),
    "pickle": (lambda: pickle.dumps(ROWS), 415, "file-pickle"),
    "an old pickle": (lambda: pickle.dumps(ROWS, 0), 415, "file-pickle"),
    "a pickle in gzip": (lambda: gzip.compress(pickle.dumps(ROWS)), 415, "file-pickle"),
    "image": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), 415, "file-image"),
    "utf-16": (lambda: GOOD.decode().encode("utf-16"), 415, "file-utf-16"),
    "utf-16 without a mark": (lambda: GOOD.decode().encode("utf-16-le"), 415, "file-utf-16"),
    "zip": (lambda: zipped(GOOD), 415, "file-archive"),
    "an archive that is none of a workbook": (lambda: zipped(GOOD, "content.xml"), 415, "file-archive"),
    "an old Excel file": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5_000),
        415,
        "file-old-spreadsheet",
    ),
    "a workbook in gzip": (lambda: gzip.compress(workbooks.inline(TABLE)), 415, "file-nested-archive"),
    "tar": (lambda: tarred(GOOD), 415, "file-unknown-format"),
    "gzip in gzip": (lambda: gzip.compress(gzip.compress(GOOD)), 415, "file-nested-archive"),
    "zip in gzip": (lambda: gzip.compress(zipped(GOOD)), 415, "file-nested-archive"),
    "tar in gzip": (lambda: gzip.compress(tarred(GOOD)), 415, "file-unknown-format"),
    "damaged gzip": (lambda: b"\x1f\x8b\x08" + b"?" * 100, 422, "file-damaged-gzip"),
    "a byte over 64 MiB": (lambda: GOOD + b" " * (LARGEST + 1 - len(GOOD)), 413, "file-too-large"),
    "a gzip over 64 MiB": (lambda: gzip.compress(GOOD) + bytes(LARGEST), 413, "file-too-large"),
    "100 MB": (lambda: bytes(100_000_000), 413, "file-too-large"),
    "noise": (lambda: bytes(range(128, 256)) * 20, 415, "file-unknown-format"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_an_answer_file_is_refused_at_the_door(sender: Sender, case: str) -> None:
    make, status, code = REFUSED[case]
    file = make()
    answer = sender.upload(file, f"refused {case}")
    assert answer.status_code == status
    dry = sender.check(file)
    assert (dry.status_code, dry.json()) == (status, answer.json())
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["detail"]
    assert problem["errors"][0]["field"] == "file"


def record(**fields: str) -> bytes:
    """A JSON list whose first record is made of these texts, the others good."""
    first = ", ".join(f'"{name}": {text}' for name, text in fields.items())
    return b"[{" + first.encode() + b"},\n" + json.dumps(ROWS[1:]).encode()[1:]


def changed(line: int, text: str) -> bytes:
    """The good file with another text on the line, counted from 1."""
    return "\n".join([*LINES[: line - 1], text, *LINES[line:]]).encode()


REJECTED: dict[str, tuple[Callable[[], bytes], str, int | None]] = {
    "truncated JSON": (lambda: json.dumps(ROWS, indent=0).encode()[:-40], "truncated", None),
    "an object of ids": (lambda: json.dumps(dict(TABLE[1:])).encode(), "one-object", 1),
    "an object with a list, indented": (
        lambda: json.dumps({"answers": ROWS}, indent=1).encode(),
        "one-object",
        1,
    ),
    "JSON Lines cut short": (
        lambda: "\n".join(map(json.dumps, ROWS)).encode()[:-9],
        "truncated-json",
        len(ROWS),
    ),
    "CSV cut within an id": (lambda: GOOD.rpartition(b",")[0][:-5], "truncated-table", len(LINES)),
    "wrong columns": (lambda: GOOD.replace(b"question_id,answer", b"id,reply", 1), "columns", 1),
    "unknown id": (lambda: GOOD + b"DS-MVTec/none.png#0,A\n", "unknown", len(LINES) + 1),
    "duplicate id": (lambda: GOOD + LINES[4].encode() + b"\n", "duplicate", len(LINES) + 1),
    "letter outside the options": (lambda: changed(3, LINES[2].rsplit(",", 1)[0] + ",Z"), "options", 3),
    "0 % present": (lambda: b"question_id,answer\n", "", None),
    "50 % present": (lambda: "\n".join(LINES[: len(LINES) // 2]).encode(), "few", None),
    "another benchmark's file": (
        lambda: b"question_id,answer\n" + b"".join(b"other/%d.png#0,A\n" % n for n in range(90)),
        "unknown",
        2,
    ),
    "a gzip that unfolds to 1 GB": (bomb, "expands-too-far", None),
    "a gzip of a byte over 64 MiB": (gzip_beyond_the_cap, "expands-too-far", None),
    "a gzip of 101 : 1": (lambda: gzip.compress(GOOD + b" " * 1_000_000), "expands-too-far", None),
    "a gzip cut short": (lambda: gzip.compress(GOOD)[:-20], "damaged-gzip", None),
    "a duplicate key": (lambda: record(question_id='"x"', answer='"A", "answer": "B"'), "duplicate-key", 1),
    "NaN": (lambda: record(question_id='"x"', answer="NaN"), "not-json-number", 1),
    "Infinity": (lambda: record(question_id='"x"', answer="-Infinity"), "not-json-number", 1),
    "nested 100,000 deep": (lambda: b'[{"question_id": ' + b"[" * 100_000, "nested-too-deep", 1),
    "an integer of 10,000 digits": (
        lambda: record(question_id="1" * 10_000, answer='"A"'),
        "number-too-long",
        1,
    ),
    "a control character in an id": (lambda: changed(3, "a\x07b,A"), "control-character", 3),
    "a NUL in an id": (lambda: record(question_id='"x\\u0000"', answer='"A"'), "control-character", 1),
    "a bidirectional mark in an id": (lambda: changed(3, "a\u202eb,A"), "control-character", 3),
    "half a character in an id": (
        lambda: record(question_id='"x\\ud800"', answer='"A"'),
        "unpaired-surrogate",
        1,
    ),
    "a document that begins like a workbook": (
        lambda: zipped(b"<document/>", "[Content_Types].xml"),
        "no-sheet",
        None,
    ),
    "a workbook of 101 : 1": (
        lambda: workbooks.workbook({"S": workbooks.of(" " * 10_000_000)}),
        "expands-too-far",
        None,
    ),
    "a workbook with entities": (
        lambda: workbooks.workbook({"S": "<!DOCTYPE x [<!ENTITY a 'b'>]>" + workbooks.of("<row>&a;</row>")}),
        "damaged-workbook",
        None,
    ),
    "a cell to the far lower right": (
        lambda: workbooks.workbook(
            {
                "S": workbooks.of(
                    '<row><c><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
                )
            }
        ),
        "wrong-columns",
        1,
    ),
    "Parquet cut short": (lambda: as_parquet()[:-9], "damaged-parquet", None),
    "Parquet with a footer of noise": (footer_without_sense, "damaged-parquet", None),
    "no UTF-8": (lambda: GOOD + b"\xff,A\n", "invalid-utf-8", len(LINES) + 1),
    **{name: (make, "", None) for name, make in WORST.items()},
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_file_at_fault_is_rejected_and_says_where(sender: Sender, case: str) -> None:
    make, word, line = REJECTED[case]
    file = make()
    state = sender.outcome(file, f"rejected {case}")
    assert state["status"] == "rejected"
    assert state["errors_total"] >= 1
    assert state["errors"], "the sender is told what is wrong"
    assert sum(state["error_counts"].values()) == state["errors_total"]
    first = state["errors"][0]
    assert first["detail"]
    assert word in " ".join(state["error_counts"])
    if line is not None:
        assert first["line"] == line
    dry = sender.check(file)
    assert dry.status_code == 422
    problem = dry.json()
    assert problem["code"] == "invalid-answers"
    for told in ("errors", "errors_total", "error_counts"):
        assert problem[told] == state[told]


def test_of_many_problems_the_first_twenty_are_listed_and_all_can_be_had(
    sender: Sender, owner: Visitor
) -> None:
    unknown = b"".join(b"no/such-%d.png#0,A\n" % number for number in range(30))
    state = sender.outcome(GOOD + unknown + LINES[1].encode(), "many problems")
    assert (state["status"], state["errors_total"], len(state["errors"])) == ("rejected", 31, 20)
    assert state["error_counts"] == {"unknown-question": 30, "duplicate-question": 1}
    assert [problem["line"] for problem in state["errors"]] == list(range(len(LINES) + 1, len(LINES) + 21))
    everything = sender.get(state["links"]["problems"]).json()["errors"]
    assert len(everything) == 31
    assert everything[:20] == state["errors"]
    page = owner.get(state["links"]["page"])
    [link] = set(re.findall(r'href="([^"]+/problems\.csv)"', page.text))
    table = list(csv.reader(io.StringIO(owner.get(link).text)))
    assert len(table) == 1 + 31
    assert str(len(LINES) + 31) in table[-1]


# How each is sent, beside what is in it: its name and its Content-Type, which are all wrong.
READ: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "CRLF": (lambda: GOOD.replace(b"\n", b"\r\n"), "answers.json", "application/json"),
    "BOM": (lambda: b"\xef\xbb\xbf" + GOOD, "answers.png", "image/png"),
    "gzip": (lambda: gzip.compress(GOOD), "answers.pickle", "application/octet-stream"),
    "a workbook": (lambda: workbooks.shared(TABLE), "answers.csv", "text/csv"),
    "Parquet": (as_parquet, "answers.xlsx", "application/json"),
    "semicolons": (lambda: GOOD.replace(b",", b";"), "answers.zip", "application/zip"),
    "64 MiB to the byte": (
        lambda: json.dumps(ROWS).encode().ljust(LARGEST),
        "answers.csv.gz",
        "application/gzip",
    ),
}


def test_harmless_oddities_are_read_alike_whatever_they_are_called(sender: Sender) -> None:
    scores = {}
    for case, (make, name, kind) in READ.items():
        file = make()
        state = sender.outcome(file, f"read {case}", name=name, kind=kind)
        scores[case] = state["score"]
        dry = sender.check(file)
        assert dry.status_code == 200, case
        assert all(dry.json()[told] == state[told] for told in ("present", "coverage", "release")), case
    assert len(set(scores.values())) == 1
    assert None not in scores.values()


def test_after_all_that_the_quota_is_used_by_what_scored_alone(sender: Sender) -> None:
    refused = sender.upload(material.answers(seed=51), "one too many")
    assert refused.status_code == 429
    assert refused.json()["code"] == "quota-daily"
    assert int(refused.headers["Retry-After"]) > 0
    listed = sender.get(f"/benchmarks/{SLUG}/submissions/").json()["results"]
    assert {state["status"] for state in listed} == {"scored", "rejected"}
    assert sum(state["status"] == "scored" for state in listed) == len(READ)


def test_a_closed_benchmark_refuses(sender: Sender) -> None:
    answer = sender.upload(GOOD, "closed", slug="mmad")
    assert answer.status_code == 403
    assert answer.json()["code"] == "benchmark-without-release"


def test_tokens_that_open_nothing_say_why(sender: Sender) -> None:
    for text, code in (("vrn_short", "token-malformed"), ("vrn_" + "0" * 36, "token-malformed")):
        answer = Pipeline(sender.base_url, text, SLUG).upload(GOOD, "no token")
        assert answer.status_code == 401
        assert answer.json()["code"] == code


def test_a_strangers_team_is_not_found(sender: Sender) -> None:
    answer = sender.upload(GOOD, "not ours", team="published-results")
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown-team"


def test_no_process_of_the_site_took_a_gibibyte(sender: Sender, watch: MemoryWatch) -> None:
    assert watch.samples > 100
    assert {"celery", "gunicorn"} <= {process.kind for process in watch.peaks}
    for process, peak in watch.peaks.items():
        # Web processes pass a file of 64 MiB on in pieces; what they hold is the site itself.
        most = 300 if process.kind == "gunicorn" else 1024
        assert peak < most * 1024 * 1024, f"{process}: {peak >> 20} MiB"


def test_no_answer_was_a_fault_of_ours_and_no_log_tells_of_one(
    sender: Sender, embedded_site: Site, log_sizes: dict[Path, int]
) -> None:
    assert sender.statuses.total() > len(REFUSED) + len(REJECTED) + len(READ)
    assert [status for status in sender.statuses if status >= 500] == []
    for log in embedded_site.logs():
        assert b"Traceback" not in log.read_bytes()[log_sizes.get(log, 0) :], log


def test_what_the_sender_was_told_holds_no_truth(sender: Sender) -> None:
    truth = TruthSearch(material.truth(material.questions()))
    assert truth.in_bytes("answers", sender.told) == []
