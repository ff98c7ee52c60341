"""Benchmarks from data alone: loaded, checked, sent to and ranked."""

import io
import re
from pathlib import Path
from string import ascii_uppercase

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from scoring.folder.reader import read
from scoring.release import Release as Content
from submissions import folders, pairs, truths
from submissions.models import Benchmark, Event, Figure, Pair, Release, Report
from tests import material
from tests.folders import TOML, colours, fears, write

pytestmark = pytest.mark.django_db


def load(folder: Path) -> tuple[str, str]:
    """What the command prints on both streams."""
    out, err = io.StringIO(), io.StringIO()
    call_command("load_benchmark", str(folder), stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue().strip()


def check(folder: Path) -> str:
    out = io.StringIO()
    call_command("check_benchmark", str(folder), stdout=out)
    return out.getvalue()


def answers(benchmark: Benchmark, right: int) -> bytes:
    """The first so many questions right, every other wrong."""
    assert benchmark.current_release is not None
    content = truths.decoded(benchmark.current_release.digest)
    assert isinstance(content, Content)
    lines = ["question_id,answer"]
    for position, question_id in enumerate(content.ids):
        letter = int(content.truth[position]) + (position >= right)
        lines.append(f"{question_id},{ascii_uppercase[letter % len(content.options[position])]}")
    return "\n".join(lines).encode()


def test_a_benchmark_that_nobody_here_thought_of_is_ranked_from_its_folder(
    tmp_path: Path, client: Client
) -> None:
    digest, said = load(fears(tmp_path))
    assert said == "fears: 210 questions, new"
    benchmark = Benchmark.objects.with_release().get(slug="fears")
    assert benchmark.current_release is not None
    assert benchmark.current_release.digest == digest
    settings = (
        benchmark.daily_limit,
        benchmark.total_limit,
        benchmark.public_entries_limit,
        benchmark.disclosure,
    )
    assert settings == (7, 70, 2, "subtasks")
    for name, right in {"timid": 180, "bold": 21, "calm": 90}.items():
        team = material.team(name, material.person(f"{name}@example.org"))
        material.scored(benchmark, team, name, file=answers(benchmark, right), public=True)
    rows = client.get("/api/v1/benchmarks/fears/leaderboard/").json()["results"]
    assert [(row["rank"], row["entry"]["name"]) for row in rows] == [(1, "bold"), (2, "calm"), (3, "timid")]
    assert [row["score"] for row in rows] == pytest.approx([10.0, 300 / 7, 600 / 7])
    assert [(row["rank_low"], row["rank_high"]) for row in rows] == [(1, 1), (2, 2), (3, 3)]
    by_subtask = client.get("/api/v1/benchmarks/fears/leaderboard/?column=fear-3").json()["results"]
    assert [row["entry"]["name"] for row in by_subtask] == ["bold", "calm", "timid"]
    rules = client.get("/api/v1/benchmarks/fears/").json()["rules"]
    assert (rules["lower_is_better"], rules["average_over"]) == (True, [])
    page = client.get("/benchmarks/fears/").content.decode()
    assert "lower is better" in page
    ids = [row["entry"]["id"] for row in rows[:2]]
    client.get("/api/v1/benchmarks/fears/compare/", {"entries": ",".join(ids)})
    for pair in Pair.objects.due():
        pairs.compute(pair.pk)
    compared = client.get("/api/v1/benchmarks/fears/compare/", {"entries": ",".join(ids)}).json()
    assert compared["pairs"][0]["sentence"].startswith("bold is better than calm by 32.9 points")


def test_its_texts_are_read_in_the_reader_s_language(tmp_path: Path) -> None:
    load(fears(tmp_path))
    with translation.override("zh-hans"):
        rules = Benchmark.objects.get(slug="fears").rules
        assert [subtask.name for subtask in rules.subtasks[:2]] == ["第一", "Fear 1"]
    assert Benchmark.objects.get(slug="fears").rules.subtasks[0].name == "Fear 0"


def test_the_best_of_an_entry_is_the_lowest_where_lower_is_better(tmp_path: Path) -> None:
    load(fears(tmp_path))
    benchmark = Benchmark.objects.with_release().get(slug="fears")
    team = material.team("home", material.person("owner@example.org"))
    for right in (90, 30, 60):
        best = material.scored(benchmark, team, "model", file=answers(benchmark, right), public=True)
    best.entry.refresh_from_db()
    assert best.entry.shown is not None
    assert best.entry.shown.score == pytest.approx(300 / 21)


def test_the_same_folder_again_changes_nothing_and_new_texts_are_taken_over(tmp_path: Path) -> None:
    folder = write(tmp_path, TOML, questions_csv=colours())
    first, _said = load(folder)
    assert load(folder) == (first, "colours: 4 questions, known already, nothing changed")
    write(tmp_path, TOML.replace('name = "Hue"', 'name = "Tint"').replace('"Colours"', '"Paint"'))
    assert load(folder)[0] == first
    benchmark = Benchmark.objects.with_release().get(slug="colours")
    assert benchmark.rules.subtasks[0].name == "Tint"
    assert Release.objects.count() == 1


def test_other_rules_or_questions_are_a_draft_that_history_is_scored_against(tmp_path: Path) -> None:
    folder = write(tmp_path, TOML, questions_csv=colours())
    load(folder)
    benchmark = Benchmark.objects.with_release().get(slug="colours")
    team = material.team("home", material.person("owner@example.org"))
    material.scored(
        benchmark, team, "model", file=b"question_id,answer\nq0,A\nq1,B\nq2,A\nq3,B\n", public=True
    )
    write(tmp_path, f"average_over = []\n{TOML}")
    assert "other rules, the same questions" in check(folder)
    assert "a draft" in load(folder)[1]
    draft = Benchmark.objects.get(slug="colours").draft_release
    assert draft is not None
    assert draft.rules.average_over == ()
    write(tmp_path, TOML, questions_csv=colours(text="Which one is it?"))
    assert "1 reworded" in check(folder)


def test_the_page_about_it_says_how_its_ids_are_made(tmp_path: Path, client: Client) -> None:
    load(write(tmp_path, TOML, questions_csv=colours()))
    about = client.get("/benchmarks/colours/about/").content.decode()
    assert "the first is <code>q0</code>" in about
    assert "its place among the image’s questions" not in about
    material.benchmark("other")
    about = client.get("/benchmarks/other/about/").content.decode()
    assert "its place among the image’s questions" in about


def test_what_its_folder_says_to_readers_stands_on_its_page(tmp_path: Path, client: Client) -> None:
    toml = 'notice = "Ask before you print a score."\ncitation = "@misc{colours, year = {2026}}"\n'
    load(write(tmp_path, f"{toml}{TOML}", questions_csv=colours()))
    about = client.get("/benchmarks/colours/about/").content.decode()
    assert "Ask before you print a score." in about
    assert "<code>@misc{colours, year = {2026}}</code>" in about


def test_what_is_counted_is_said_in_words(tmp_path: Path) -> None:
    rows = [row | {"category": "paint"} for row in colours()]
    toml = TOML.replace('name = "Colours"', 'name = "Colours"\naverage_over = ["subtask", "category"]')
    said = check(write(tmp_path, toml, questions_csv=rows))
    assert "the mean over subtasks of means over categories;" in said
    assert (
        "limits of a team: left as they are (of a new benchmark 5 a day, 200 in all, 20 public entries)"
        in said
    )
    assert "WARNING" not in said
    toml = f'{TOML}\n[[subtasks]]\nslug = "tint"\nname = "Tint"\n'
    assert "WARNING: no question is of the subtask tint" in check(
        write(tmp_path, toml, questions_csv=colours())
    )
    with pytest.raises(CommandError, match="begins with it") as caught:
        check(tmp_path / "nowhere")
    assert "Put it beside" not in str(caught.value)


def test_what_would_happen_is_said_and_does_not(tmp_path: Path) -> None:
    said = check(write(tmp_path, TOML, questions_csv=[row | {"colour": "x"} for row in colours()]))
    assert "Colours (colours): 4 questions in 2 images or clusters" in said
    assert "subtask hue: 2 questions, accuracy" in said
    assert "the mean over source datasets of means over subtasks; higher is better" in said
    assert "nothing is read from: colour" in said
    assert "open it as a new benchmark" in said
    assert not Benchmark.objects.exists()


def test_every_fault_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    rows = colours(answer="Z")
    rows[2]["text"] = ""
    with pytest.raises(CommandError) as caught:
        load(write(tmp_path, TOML, questions_csv=rows))
    assert "questions.csv, line 4: “text” is empty here. Fill it in." in str(caught.value)
    rows[2]["text"] = "Which?"
    with pytest.raises(CommandError) as caught:
        check(write(tmp_path, TOML, questions_csv=rows))
    assert "questions.csv, line 3: The answer to “q1” is not the letter of one of its options." in str(
        caught.value
    )
    assert not Benchmark.objects.exists()


def test_a_folder_without_a_slug_takes_the_one_that_is_given(tmp_path: Path) -> None:
    folder = write(tmp_path, TOML.replace('slug = "colours"\n', "", 1), questions_csv=colours())
    with pytest.raises(CommandError, match="slug: is missing"):
        load(folder)
    call_command(
        "load_benchmark", str(folder), "--slug", "paints", stdout=io.StringIO(), stderr=io.StringIO()
    )
    assert Benchmark.objects.get().slug == "paints"


def test_figures_and_reports_of_a_folder_are_like_any_other(tmp_path: Path) -> None:
    found = read(write(tmp_path, TOML, questions_csv=colours()))
    folders.load(found)
    benchmark = Benchmark.objects.with_release().get(slug="colours")
    team = material.team("home", material.person("owner@example.org"))
    material.scored(
        benchmark, team, "model", file=b"question_id,answer\nq0,A\nq1,B\nq2,A\nq3,B\n", public=True
    )
    figures = dict(Figure.objects.values_list("column", "score"))
    assert {name: figures[name] for name in ("overall", "all", "hue", "shade")} == {
        "overall": 50.0,
        "all": 50.0,
        "hue": 50.0,
        "shade": 50.0,
    }
    body = Report.objects.get().body
    assert body["detection"] == dict.fromkeys(("recall", "precision", "f1", "overkill", "miss"))


def test_the_guide_opens_a_benchmark_as_it_stands(tmp_path: Path) -> None:
    guide = Path("docs/benchmarks.md").read_text()
    blocks = [
        "\n".join(line.removeprefix("    ") for line in part.strip("\n").splitlines()) + "\n"
        for part in re.findall(r"(?:^(?:    .*)?\n)+", guide, re.MULTILINE)
        if part.strip()
    ]
    for name, beginning in {
        "questions.csv": "question_id,image",
        "truth.csv": "question_id,answer",
        "benchmark.toml": "slug",
    }.items():
        (text,) = [block for block in blocks if block.startswith(beginning)]
        (tmp_path / name).write_text(text)
    load(tmp_path)
    benchmark = Benchmark.objects.with_release().get(slug="our-parts")
    team = material.team("home", material.person("owner@example.org"))
    right = material.scored(
        benchmark, team, "model", file=b"question_id,answer\nq1,B\nq2,A\nq3,B\n", public=True
    )
    assert right.score == 100


SET = TOML.replace('"Colours"', '"Paint"') + "\n[limits]\ndaily = 50\n"


def test_what_a_folder_changes_is_said_before_and_after_and_written_down(tmp_path: Path) -> None:
    folder = write(tmp_path, TOML, questions_csv=colours())
    load(folder)
    assert "would change nothing: this is its current release" in check(folder)
    Benchmark.objects.update(daily_limit=3)  # at the desk
    before = Event.objects.count()
    write(tmp_path, f'disclosure = "subtasks"\n{SET}')
    changes = ["name: Colours -> Paint", "daily limit: 3 -> 50", "disclosure: cells -> subtasks"]
    said = check(folder)
    assert "would make no release: this is the current one" in said
    assert all(f"it would set at once {change}" in said for change in changes)
    assert Event.objects.count() == before
    _digest, said = load(folder)
    assert said.splitlines() == [
        "colours: 4 questions, known already, its texts are new",
        *(f"set at once: {change}" for change in changes),
    ]
    assert Event.objects.get(action="release-reworded").is_public
    benchmark = Benchmark.objects.get(slug="colours")
    assert (benchmark.name, benchmark.daily_limit, benchmark.disclosure) == ("Paint", 50, "subtasks")
    told = (
        Event.objects.filter(action="benchmark-changed").order_by("id").values_list("details", "actor_kind")
    )
    assert [(tuple(details.values()), actor) for details, actor in told] == [
        (("name", "Colours", "Paint"), "command"),
        (("daily_limit", 3, 50), "command"),
        (("disclosure", "cells", "subtasks"), "command"),
    ]
    assert load(folder)[1] == "colours: 4 questions, known already, nothing changed"


def test_a_setting_beside_a_draft_is_set_at_once_and_said(tmp_path: Path) -> None:
    folder = write(tmp_path, TOML, questions_csv=colours())
    load(folder)
    write(tmp_path, f"average_over = []\n{SET}")
    assert "it would set at once daily limit: 5 -> 50" in check(folder)
    said = load(folder)[1]
    assert "a draft" in said
    assert "set at once: daily limit: 5 -> 50" in said
    assert Benchmark.objects.get(slug="colours").daily_limit == 50
    write(tmp_path, f"average_over = []\n{SET}".replace('name = "Hue"', 'name = "Tint"'))
    assert "its texts are new" in load(folder)[1]
    assert not Event.objects.get(action="release-reworded").is_public, "a draft is nobody's"


def test_opening_a_benchmark_is_written_down_once(tmp_path: Path) -> None:
    folder = write(tmp_path, TOML, questions_csv=colours())
    for _ in range(2):
        load(folder)
    told = Event.objects.order_by("id").values_list("action", "object_name", "actor_kind", "is_public")
    assert list(told) == [
        ("benchmark-opened", "colours", "command", True),
        ("release-made-current", Release.objects.get().short_digest, "command", True),
    ]
