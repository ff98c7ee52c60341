"""Dry runs: the same words as a rejection, without the truth, for nothing, and nothing kept."""

import csv
import gc
import gzip
import io
import os
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pyarrow import parquet
from pytest_django import Settings

from submissions import (
    check_program,
    checks,
    evaluation,
    limits,
    moderation,
    outlines,
    releases,
    storage,
    sweeper,
    truths,
    upload_switch,
)
from submissions.audit import COMMAND
from submissions.models import Benchmark, Outline, Submission, Team, Token
from submissions.refusals import Refusal
from tests import boxes, material
from tests.hostile import WORST
from tests.scoring.boxes.shapes import release_of
from tests.servers.process import descendants

pytestmark = pytest.mark.django_db

SLOW = WORST["objects in objects"]  # keeps whoever reads it busy for seconds


def send(
    client: Client, token: str | None, file: bytes | None = None, slug: str = "mmad", **fields: Any
) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    upload = SimpleUploadedFile("answers.csv", material.answers() if file is None else file)
    return client.post(f"/api/v1/benchmarks/{slug}/validate/", {"file": upload, **fields}, headers=headers)


@pytest.fixture
def token() -> str:
    material.benchmark()
    return material.token(material.team("a"))


def rows() -> dict[str, int]:
    """Of what somebody sends or does; that a token was used is noted of every call."""
    models = [model for model in apps.get_models() if model._meta.app_label == "submissions"]
    return {
        model.__name__: model._base_manager.count() for model in models if model.__name__ != "TokenNetwork"
    }


def files(stores: Path) -> list[Path]:
    return sorted(path for path in stores.rglob("*") if path.is_file())


def test_a_good_file_is_told_what_is_read_of_it_and_nothing_is_kept(
    client: Client, token: str, stores: Path, rings: list[Any]
) -> None:
    before = rows(), files(stores)
    answer = send(client, token)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    found = answer.json()
    asked = Benchmark.objects.with_release().get().current_release.question_count  # type: ignore[union-attr]
    assert (found["valid"], found["errors"], found["errors_total"]) == (True, [], 0)
    assert (found["asked"], found["records"], found["answered"]) == (asked, asked, asked)
    assert (found["present"], found["coverage"], found["format"]) == (1, 1, "plain-csv")
    assert sum(each["asked"] for each in found["subtasks"].values()) == asked
    assert found["readings"] == {"letter": asked}
    assert set(found["commonest"]) == {"letter", "share", "replies"}
    assert (rows(), files(stores), rings) == (*before, [])


def test_a_dry_run_counts_as_a_report_does(client: Client, token: str) -> None:
    lines = material.answers().decode().splitlines()
    lines[1] = lines[1].rsplit(",", 1)[0] + ","  # a reply of nothing
    some = "\n".join(lines[:-1]).encode()
    submission = material.scored(Benchmark.objects.with_release().get(), Team.objects.get(), file=some)
    found = send(client, token, some).json()
    assert found["present"] == submission.present
    assert found["coverage"] == submission.coverage
    assert found["coverage"] < found["present"] < 1


@pytest.mark.parametrize("name", ["unknown", "duplicate", "few", "cut", "partial"])
def test_a_file_at_fault_is_told_what_a_rejection_tells(client: Client, token: str, name: str) -> None:
    good = material.answers()
    lines = good.decode().splitlines()
    file, partial = {
        "unknown": (good + b"".join(b"none/%d.png#0,A\n" % number for number in range(30)), []),
        "duplicate": (good + lines[4].encode(), []),
        "few": ("\n".join(lines[:9]).encode(), []),
        "cut": (gzip.compress(good)[:-20], []),
        "partial": ("\n".join(lines[:9]).encode(), ["object-analysis"]),
    }[name]
    dry = send(client, token, file, partial=partial)
    assert dry.status_code == 422
    problem = dry.json()
    assert (problem["code"], dry["Content-Type"]) == ("invalid-answers", "application/problem+json")
    benchmark, team = Benchmark.objects.with_release().get(), Team.objects.get()
    submission = material.submitted(benchmark, team, file=file, partial=partial)
    evaluation.run(submission.pk)
    state = client.get(
        f"/api/v1/submissions/{submission.pk}/", headers={"Authorization": f"Bearer {token}"}
    ).json()
    assert state["status"] == "rejected"
    for told in ("errors", "errors_total", "error_counts"):
        assert problem[told] == state[told]


def test_boxes_are_checked_in_the_frame_that_is_said(client: Client) -> None:
    boxes.benchmark()
    token = material.token(material.team("a"))
    good = boxes.answers(1)
    found = send(client, token, good, boxes.SLUG).json()
    images = len(boxes.images())
    assert (found["asked"], found["coverage"], found["format"]) == (images, 1, "boxes-json")
    assert found["commonest"] is None
    outside = send(client, token, good, boxes.SLUG, frame="0-1000").json()
    assert outside["coverage"] < 1
    assert outside["readings"]["outside-frame"] > 0
    partial = send(client, token, good, boxes.SLUG, partial=["detection"]).json()
    assert list(partial["subtasks"]) == ["detection"]
    assert send(client, token, good, boxes.SLUG, frame="inches").json()["code"] == "unknown-frame"
    twice = good[:-2] + b"," + good.lstrip()[1:]
    assert send(client, token, twice, boxes.SLUG).json()["code"] == "invalid-answers"


def test_a_closed_benchmark_checks_all_the_same(client: Client, token: str) -> None:
    Benchmark.objects.update(is_open=False)
    assert send(client, token).status_code == 200
    Benchmark.objects.update(is_open=True, closes_at=timezone.now() - timedelta(days=1))
    assert send(client, token).status_code == 200


def test_without_a_release_there_is_nothing_to_check_against(client: Client, token: str) -> None:
    Benchmark.objects.update(current_release=None)
    answer = send(client, token)
    assert (answer.status_code, answer.json()["code"]) == (403, "benchmark-without-release")


def test_who_may_not_submit_may_not_have_files_read(client: Client, token: str) -> None:
    team = Team.objects.get()
    assert send(client, None).status_code == 401
    reading = material.token(team, Token.Scope.READ)
    assert send(client, reading).json()["code"] == "token-may-not-submit"
    Token.objects.filter(scope=Token.Scope.SUBMIT).update(benchmarks=["other"])
    assert send(client, token).json()["code"] == "token-for-others"
    Token.objects.update(benchmarks=[])
    moderation.ban(team, reason="It sent noise.", by=COMMAND, now=timezone.now())
    assert send(client, token).json()["code"] == "team-banned"
    client.force_login(material.person("nobody@example.org"))
    assert send(client, None).json()["code"] == "no-team"


def test_a_switch_that_closes_uploads_closes_checks(client: Client, token: str) -> None:
    upload_switch.close(sentence="The disks are being changed.", by=COMMAND, now=timezone.now())
    answer = send(client, token)
    assert (answer.status_code, answer["Retry-After"]) == (503, "300")


def test_checks_use_up_no_quota_and_no_uploads(
    client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(limits, "_count", lambda what, who, **_limit: counted.append(what))
    Benchmark.objects.update(daily_limit=0)
    assert send(client, token).status_code == 200
    assert counted == ["checks"]
    assert not Submission.objects.exists()


def test_past_sixty_in_a_minute_they_are_refused(
    client: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_who: str) -> None:
        raise Refusal("too-many-checks", limit=60, seconds=7)

    monkeypatch.setattr(limits, "count_check", refuse)
    answer = send(client, token)
    assert (answer.status_code, answer["Retry-After"]) == (429, "7")


def test_while_a_file_is_checked_another_is_told_to_come_back(client: Client, token: str) -> None:
    with checks._turns:
        answer = send(client, token)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "check-busy", "1")
    assert send(client, token).status_code == 200


def test_a_file_that_takes_too_long_is_given_up_and_its_process_ends(
    client: Client, token: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send(client, token).status_code == 200
    program = checks._program.process
    assert program
    monkeypatch.setattr(checks, "SPARE_SECONDS", 0.5 - settings.READ_SECONDS)
    answer = send(client, token, SLOW())
    assert (answer.status_code, answer.json()["code"]) == (503, "check-unfinished")
    assert program.returncode == 0
    monkeypatch.undo()
    assert send(client, token).status_code == 200  # and is told of its own file


def test_a_process_that_breaks_off_is_a_fault_of_ours(
    client: Client, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    Outline.objects.update(encoded=b"VERNIER-RELEASE-1\nnoise")
    client.raise_request_exception = False
    assert send(client, token).status_code == 500
    assert "damaged-release" in caplog.text
    assert send(client, token).status_code == 500  # and the turn was given back


def test_the_process_knows_neither_our_settings_nor_our_secrets(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks._program.end()
    seen: list[dict[str, str]] = []
    popen = subprocess.Popen

    def watched(*args: Any, **options: Any) -> Any:
        seen.append(options["env"])
        return popen(*args, **options)

    monkeypatch.setattr(subprocess, "Popen", watched)
    with tempfile.TemporaryFile() as file:
        file.write(material.answers())
        assert checks.check(Benchmark.objects.get(), file).summary is not None
    assert set(seen[0]) == {"PYTHONPATH", "OPENBLAS_NUM_THREADS"}


def program() -> subprocess.Popen[bytes]:
    found = checks._program.process
    assert found is not None
    return found


def test_the_second_file_waits_for_no_start(client: Client, token: str) -> None:
    assert send(client, token).status_code == 200
    first = program()
    assert send(client, token).status_code == 200
    assert send(client, token, b"question_id,answer\nnone,A\n").status_code == 422
    material.next_release()
    assert send(client, token).status_code == 200
    assert program() is first
    assert first.poll() is None


def test_a_program_that_is_gone_is_replaced(client: Client, token: str) -> None:
    assert send(client, token).status_code == 200
    first = program()
    first.kill()
    first.wait()
    assert send(client, token).status_code == 200
    assert program().pid != first.pid


def test_a_program_that_ends_at_a_file_is_a_fault_of_ours_and_is_replaced(
    client: Client, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert send(client, token).status_code == 200
    first = program()
    first.send_signal(signal.SIGSTOP)
    killer = threading.Timer(0.5, first.kill)
    killer.start()
    client.raise_request_exception = False
    assert send(client, token).status_code == 500
    killer.join()
    assert send(client, token).status_code == 200
    assert program().pid != first.pid


@pytest.mark.parametrize(
    ("by", "status", "code"), [(signal.SIGXCPU, 422, "too-much-time"), (signal.SIGKILL, 500, None)]
)
def test_a_process_that_the_system_ends_leaves_the_program_alive(
    client: Client, token: str, by: signal.Signals, status: int, code: str | None
) -> None:
    assert send(client, token).status_code == 200
    first = program()

    def end_it() -> None:
        while not (begun := descendants(first.pid)):
            time.sleep(0.01)
        os.kill(min(begun), by)

    ender = threading.Thread(target=end_it)
    ender.start()
    client.raise_request_exception = False
    answer = send(client, token, SLOW())
    ender.join()
    assert answer.status_code == status
    if code:
        assert [problem["code"] for problem in answer.json()["errors"]] == [code]
    assert send(client, token).status_code == 200
    assert program() is first


def test_a_table_that_a_process_of_its_own_reads_is_checked_too(client: Client, token: str) -> None:
    rows = csv.DictReader(io.StringIO(material.answers().decode()))
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(list(rows)), file)
    assert send(client, token, file.getvalue()).json()["format"] == "plain-parquet"
    damaged = file.getvalue().replace(b"question_id", b"question\xff\xff\xff")
    assert send(client, token, damaged).status_code == 422
    assert descendants(program().pid) == set()


def test_a_file_that_computes_for_too_long_is_rejected(
    client: Client, token: str, settings: Settings
) -> None:
    settings.READ_SECONDS = 0.2
    answer = send(client, token, SLOW())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too-much-time")
    first = program()
    assert send(client, token).status_code == 200
    assert program() is first


def test_the_program_keeps_the_last_few_releases_and_no_more() -> None:
    definition = msgspec.json.encode(material.content().definition.to_dict())
    encoded = [
        material.content().excluding([question]).without_truth().encode()
        for question in material.content().ids[: check_program.MOST_KEPT + 1]
    ]
    try:
        first = weakref.ref(check_program.kept(encoded[0], definition))
        assert check_program.kept(bytes(bytearray(encoded[0])), definition) is first()
        for each in encoded[1:]:
            assert first() is not None
            check_program.kept(each, definition)
        assert first() is None
        assert check_program.kept.cache_info().currsize == check_program.MOST_KEPT
    finally:
        check_program.kept.cache_clear()
        gc.unfreeze()


def test_the_web_role_checks_without_the_truth(client: Client, token: str, settings: Settings) -> None:
    settings.VERNIER_ROLE = "web"
    with pytest.raises(storage.TruthForbiddenError):
        storage.truth().get("releases/x")
    assert send(client, token).status_code == 200


def test_an_outline_holds_no_truth() -> None:
    letters = material.content()
    bare = type(letters).decode(letters.without_truth().encode())
    assert bare.ids == letters.ids
    assert not bare.truth.any()
    assert not bare.categories
    flaws = release_of(boxes.images())
    blank = type(flaws).decode(flaws.without_truth().encode())
    assert list(blank.ids) == list(flaws.ids)
    assert not blank.anomalous.any()
    assert (blank.boxes.size, blank.starts.max(), len(blank.labels)) == (0, 0, 0)
    assert (blank.sizes == flaws.sizes).all()


def test_an_outline_that_is_missing_is_written_by_the_sweep(client: Client, token: str) -> None:
    kept = outlines.of(Outline.objects.get().pk)
    Outline.objects.all().delete()
    answer = send(client, token)
    assert (answer.status_code, answer.json()["code"]) == (503, "check-not-ready")
    sweeper.sweep()
    assert outlines.of(Outline.objects.get().pk) == kept
    assert send(client, token).status_code == 200


def test_a_sweep_without_the_store_leaves_outlines_for_later(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Outline.objects.all().delete()

    def silent(_digest: str) -> None:
        raise storage.StorageUnavailableError

    monkeypatch.setattr(truths, "decoded", silent)
    sweeper.sweep()
    assert not Outline.objects.exists()


def test_a_release_that_becomes_current_is_checked_against_at_once(client: Client, token: str) -> None:
    material.next_release()
    found = send(client, token).json()
    assert found["release"] == Benchmark.objects.with_release().get().current_release.digest  # type: ignore[union-attr]
    assert releases.publish(material.content(), slug="mmad")[1] != releases.Outcome.NEW
    assert Outline.objects.count() == 2


def test_a_field_that_is_not_known_is_refused(client: Client, token: str) -> None:
    answer = send(client, token, farme="pixels")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown-field")
