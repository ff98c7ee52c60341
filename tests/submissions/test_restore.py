"""A site that is brought back is the site that was, and nothing is brought back over another."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import Client
from pytest_django import Settings

from scoring.prompts import Templates
from submissions import (
    archive,
    audit,
    backup,
    evaluation,
    knowledge,
    releases,
    rescoring,
    restore,
    storage,
    tables,
    truths,
)
from submissions.models import (
    Event,
    ImageTemplates,
    Knowledge,
    Notice,
    Release,
    Submission,
    Team,
    Transition,
    User,
)
from submissions.models.submission import Report
from tests import material

pytestmark = pytest.mark.usefixtures("commits")
NOW = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
WRONG = b"question_id,answer\nnone,A\n"


@pytest.fixture
def lived_in(client: Client) -> Submission:
    """A site with something in every corner; its submission that is scored."""
    benchmark, team = material.benchmark(), material.team("a", material.person("a@example.org"))
    releases.publish(material.content(), slug=benchmark.slug, templates={"image": Templates(("ü.png",))})
    knowledge.load(benchmark.slug, {"VisA": {"thing": "ü “round”"}})
    scored = material.scored(benchmark, team, "good", public=True, note="ü “quoted” \U0001f600")
    evaluation.run(material.submitted(benchmark, team, "wrong", file=WRONG).pk)
    material.brought(material.submitted(benchmark, team, "sixth", file=material.answers(0.6)), "scoring")
    gone = material.team("gone")
    audit.record(audit.COMMAND, "team-made", gone)
    gone.delete()
    person = material.person("b@example.org", is_staff=True)
    person.user_permissions.add(*person.user_permissions.model.objects.filter(codename="view_entry"))
    client.force_login(person)
    assert Notice.objects.exists()
    assert ImageTemplates.objects.exists()
    assert Knowledge.objects.exists()
    return scored


def everything() -> dict[str, Any]:
    """Every row and every object."""
    found: dict[str, Any] = {
        model._meta.label: b"".join(tables.chunks(model)).decode() for model in tables.models()
    }
    for place, store in backup.places():
        found |= {f"{place}/{key}": store.get(key) for key in store.keys()}  # noqa: SIM118 - no dict
    return found


@contextmanager
def unguarded() -> Iterator[None]:
    guards = import_module("submissions.migrations.0007_events")
    with connection.cursor() as cursor:
        for statement in guards.LETTING_GO[connection.vendor]:
            cursor.execute(statement)
        yield
        for statement in guards.GUARDS[connection.vendor]:
            cursor.execute(statement)


def move_to_an_empty_site(settings: Settings, folder: Path) -> None:
    with unguarded():
        call_command("flush", verbosity=0, interactive=False)
    settings.VERNIER_ANSWERS_URL = (folder / "new answers").as_uri()
    settings.VERNIER_TRUTH_URL = (folder / "new truth").as_uri()
    truths.decoded.cache_clear()


@pytest.fixture
def kept(lived_in: Submission, tmp_path: Path) -> Path:
    path = tmp_path / "site.tar.gz"
    done = backup.write(path, now=NOW)
    assert done.missing == []
    assert done.sha256 == archive.sha256_of_file(path)
    return path


def test_every_row_and_every_object_is_as_it_was(kept: Path, settings: Settings, tmp_path: Path) -> None:
    before = everything()
    move_to_an_empty_site(settings, tmp_path)
    restored = restore.restore(kept)
    assert everything() == before
    assert restored.objects == sum("/" in key for key in before)
    assert restored.rows == sum(value.count("\n") for key, value in before.items() if "/" not in key)
    ContentType.objects.clear_cache()
    assert User.objects.get(email="b@example.org").has_perm("submissions.view_entry")


def test_it_lives_on(kept: Path, lived_in: Submission, settings: Settings, tmp_path: Path) -> None:
    numbers = {model: model.objects.latest("id").pk for model in (Transition, Report, User)}
    move_to_an_empty_site(settings, tmp_path)
    restore.restore(kept)
    # A number that was given to a team that is gone is not given again: the log still names it.
    assert material.team("new").pk > int(Event.objects.get(action="team-made").object_key)
    waiting = Submission.objects.get(entry__name="sixth")
    assert list(waiting.transitions.values_list("status", flat=True)) == ["queued", "scoring"]
    evaluation.run(waiting.pk)
    steps = waiting.transitions.values_list("status", flat=True)
    assert list(steps) == ["queued", "scoring", "scoring", "scored"]
    material.scored(waiting.benchmark, Team.objects.get(slug="new"), "another")
    material.person("c@example.org")
    for model, number in numbers.items():
        assert model.objects.latest("id").pk > number
    with pytest.raises(Exception, match="not a step"):
        Submission.objects.filter(pk=lived_in.pk).update(status="queued")


def test_events_cannot_be_changed_afterwards(kept: Path, settings: Settings, tmp_path: Path) -> None:
    move_to_an_empty_site(settings, tmp_path)
    restore.restore(kept)
    with pytest.raises(Exception, match="written once"):
        Event.objects.update(action="nothing")


def test_history_is_scored_from_the_letters_that_were_kept(
    kept: Path, lived_in: Submission, settings: Settings, tmp_path: Path
) -> None:
    move_to_an_empty_site(settings, tmp_path)
    restore.restore(kept)
    storage.answers().delete(lived_in.answers_key)
    release, _outcome = releases.publish(material.content(seed=8), slug="mmad")
    release.refresh_from_db()
    while release.rescoring:
        rescoring.take_turn(release.pk, release.rescoring_turn)
        release.refresh_from_db()
    assert rescoring.progress(Release.objects.get(pk=release.pk)) == rescoring.Progress(1, 1, 0)


def test_people_sign_in_again(kept: Path) -> None:
    names = [member.name for member in archive.members(kept)]
    assert any("submissions.User/" in name for name in names)
    assert not any("sessions" in name for name in names)


def test_a_lost_object_is_named_and_the_rest_is_saved(lived_in: Submission, tmp_path: Path) -> None:
    storage.answers().delete(lived_in.answers_key)
    assert backup.write(tmp_path / "file", now=NOW).missing == [str(lived_in.pk)]


def test_what_nobody_knows_is_not_kept(lived_in: Submission, tmp_path: Path) -> None:
    storage.answers().put("answers/7e0a54b6-6e5c-4b7e-9f3a-0d4f1d4c8f10", b"nobody's")
    backup.write(tmp_path / "file", now=NOW)
    assert not any("7e0a54b6" in member.name for member in archive.members(tmp_path / "file"))


def test_a_site_that_is_not_empty_is_left_alone(kept: Path) -> None:
    before = everything()
    with pytest.raises(CommandError, match="rows in this database already"):
        call_command("restore", str(kept))
    assert everything() == before


@pytest.mark.parametrize("place", ["answers", "truth"])
def test_stores_that_are_not_empty_are_left_alone(
    kept: Path, settings: Settings, tmp_path: Path, place: str
) -> None:
    move_to_an_empty_site(settings, tmp_path)
    dict(backup.places())[place].put("somebodys", b"own")
    with pytest.raises(CommandError, match=f"objects in the store for {place} already"):
        call_command("restore", str(kept))
    assert not User.objects.exists()


def test_a_damaged_file_changes_nothing(kept: Path, settings: Settings, tmp_path: Path) -> None:
    move_to_an_empty_site(settings, tmp_path)
    before = everything()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-200])
    with pytest.raises(CommandError, match="damaged"):
        call_command("restore", str(kept))
    assert everything() == before


def test_another_file_than_was_meant_is_refused(kept: Path) -> None:
    with pytest.raises(CommandError, match="another file"):
        call_command("restore", str(kept), sha256="0" * 64)


def test_what_broke_off_is_taken_up(
    kept: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything()
    move_to_an_empty_site(settings, tmp_path)

    def broken(*_arguments: object) -> int:
        raise IntegrityError("the machine stopped")

    with monkeypatch.context() as patch:
        patch.setattr(tables, "continue_after", broken)
        with pytest.raises(IntegrityError):
            restore.restore(kept)
    assert not User.objects.exists()
    restore.restore(kept)
    assert everything() == before


def test_a_backup_of_another_database_version_is_refused(
    kept: Path, settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "other.tar.gz"
    with archive.writing(other) as writer:
        for member in archive.members(kept):
            content = member.content.read()
            if member.name == backup.HEAD:
                head = json.loads(content)
                head["migrations"].append(["submissions", "9999_later"])
                content = json.dumps(head).encode()
            writer.add(member.name, content)
        writer.close()
    move_to_an_empty_site(settings, tmp_path)
    with pytest.raises(CommandError, match="Install the version of Vernier that wrote it"):
        call_command("restore", str(other))
