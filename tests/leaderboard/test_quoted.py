"""Quoted results: how they are read, and that loading them again changes nothing."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from submissions import quoted_file
from submissions.models import Benchmark, Event, Figure, QuotedResult
from tests.leaderboard import rows

pytestmark = pytest.mark.django_db
HEAD = "name,kind,anomaly_detection,average,shots,flags,source\n"


def load(*paths: Path, slug: str = "mmad") -> str:
    out = StringIO()
    call_command("load_quoted", slug, *paths, stdout=out)
    return out.getvalue().strip()


def file(folder: Path, content: str, name: str = "quoted.csv") -> Path:
    path = folder / name
    path.write_text(content)
    return path


def state() -> list[Any]:
    return [
        list(Figure.objects.order_by("id").values()),
        list(QuotedResult.objects.order_by("id").values()),
        list(Benchmark.objects.values()),
    ]


def test_a_fresh_board_shows_everything_that_is_restated(client: Client) -> None:
    assert load() == "mmad: 53 new, 0 changed, 0 known as they are"
    mmad = Benchmark.objects.get()
    assert (mmad.takes_submissions, mmad.current_release) == (False, None)
    url: str | None = "/api/v1/benchmarks/mmad/leaderboard/"
    found: dict[str, Any] = {}
    while url:
        body = client.get(url).json()
        found |= {f"{row['entry']['name']} / {row['source']}": row for row in body["results"]}
        url = body["next"]
    assert len(found) == 53
    assert {row["rank"] for row in found.values()} == {None}
    assert [row["line"] for row in found.values()].count("human") == 2
    best = found[f"Qwen2-VL-72B-Instruct / {quoted_file.AUTHORS}"]
    assert best["score"] == 78.62075250818266
    assert best["subtasks"]["anomaly-detection"] == 76.16974896422943
    assert best["datasets"]["GoodsAD"] == 74.91346758770912
    assert best["detection"]["f1"] == pytest.approx(72.11028894658631, abs=1e-9)
    assert best["entry"]["settings"]["shots"] == 1
    nowhere = found["AD-FM-7B / AD-FM, arXiv 2508.04175, as quoted by follow-ups"]
    assert (nowhere["score"], nowhere["subtasks"]["defect-analysis"]) == (None, 86.75)
    assert client.get("/benchmarks/mmad/").status_code == 200


def test_what_is_restated_of_mmr_ad_stands_in_its_cells() -> None:
    assert load(slug="mmr-ad") == "mmr-ad: 6 new, 0 changed, 0 known as they are"
    benchmark = Benchmark.objects.get(slug="mmr-ad")
    assert (benchmark.takes_submissions, benchmark.current_release) == (False, None)
    (first, *_others) = found = QuotedResult.objects.order_by("id")
    assert (first.name, first.flags) == ("Anomaly-R1-7B", "IoU 0.1, category average")
    assert first.figures.filter(column="overall", score=None).exists()
    assert dict(first.figures.exclude(score=None).values_list("column", "score")) == {
        "mvtec/detection": 88.8,
        "mvtec/localization": 66.3,
        "visa/detection": 74.9,
        "visa/localization": 36.4,
    }
    assert [each.name for each in found if "another track" in each.flags] == [
        "Anomaly-R1-7B (domain knowledge)"
    ]
    assert {each.source for each in found} == {"re-run by VD-DeepStack; quoted, not verified"}


def test_loading_again_changes_nothing(tmp_path: Path) -> None:
    load()
    before = state()
    assert load() == "mmad: 0 new, 0 changed, 53 known as they are"
    assert state() == before


def test_what_is_loaded_is_written_down_once(tmp_path: Path) -> None:
    path = file(tmp_path, HEAD + "A,quoted,70,,,,a paper\n")
    for _ in range(2):
        load(path)
    event = Event.objects.get(action="quoted-loaded")
    assert (event.actor_kind, event.object_name, event.details) == (
        "command",
        "mmad",
        {"new": 1, "changed": 0},
    )


def test_a_changed_figure_is_brought_up_to_date_in_place(tmp_path: Path) -> None:
    load(file(tmp_path, HEAD + "A,quoted,50,60,1,,a paper\n"))
    before = QuotedResult.objects.get()
    changed_at = Benchmark.objects.get().changed_at
    assert load(file(tmp_path, HEAD + "A,quoted,,61,0,mind this,a paper\n")).startswith(
        "mmad: 0 new, 1 changed"
    )
    after = QuotedResult.objects.get()
    assert (after.pk, after.shots, after.flags) == (before.pk, 0, "mind this")
    assert dict(Figure.objects.values_list("column", "score")) == {"overall": 61.0}
    assert Benchmark.objects.get().changed_at > changed_at


def test_the_same_name_of_two_sources_is_two_results(tmp_path: Path) -> None:
    load(file(tmp_path, HEAD + "A,quoted,50,60,1,,a paper\nA,quoted,51,61,1,,another\n"))
    assert QuotedResult.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD + "A,quoted,50,60,1,,x\nB,,high,60,1,,x\n", "quoted.csv, line 3, column “anomaly_detection”: “high”"),
        (HEAD + "\nA,quoted,101,60,1,,a paper\n", "quoted.csv, line 3, column “anomaly_detection”: “101”"),
        (HEAD + "A,quoted,nan,60,1,,a paper\n", "line 2, column “anomaly_detection”"),
        (HEAD + "A,guess,50,60,1,,a paper\n", "line 2, column “kind”: Known kinds are"),
        (HEAD + "A,quoted,50,60,1,,\n", "line 2, column “source”"),
        (HEAD + "A,quoted,50,60,-1,,a paper\n", "line 2, column “shots”"),
        (HEAD + "A,quoted,50,60,1,,x\nA,quoted,50,60,1,,x\n", "line 3, column “name”: This name and source"),
        (HEAD + "A,quoted,50,60,1,,a paper,more\n", "line 2: This is no CSV file"),
        ("name,kind,colour,source\n", "line 1, column “colour”"),
        ("name,source,VisA/colour\n", "column “VisA/colour”: There is no such column"),
        ("name,source,VisA/anomaly-detection\nA,x,-1\n", "line 2, column “VisA/anomaly-detection”: “-1”"),
        ("name,name\n", "line 1, column “name”: This column stands there twice"),
        ("a,b\n1,2\n", "line 1: This header"),
        ("", "quoted.csv: This is no CSV file"),
    ],
)  # fmt: skip
def test_a_file_at_fault_is_named_and_nothing_is_loaded(tmp_path: Path, content: str, said: str) -> None:
    good = file(tmp_path, HEAD + "Good,quoted,50,60,1,,a paper\n", "good.csv")
    with pytest.raises(CommandError) as error:
        load(good, file(tmp_path, content))
    assert said in str(error.value)
    assert not QuotedResult.objects.exists()


AUTHORS = ",Anomaly Detection,Defect Analysis,Average,Recall\n" + "".join(
    f"{line},70.5,60.25,65.375,80\n" for line in (*rows.DATASETS, "Average")
)


def test_an_authors_table_takes_its_name_from_the_file(tmp_path: Path) -> None:
    load(file(tmp_path, AUTHORS, "answers_4_shot_my-model_v2_accuracy.csv"))
    found = QuotedResult.objects.get()
    assert (found.name, found.shots, found.source) == ("my-model_v2", 4, quoted_file.AUTHORS)
    figures = dict(Figure.objects.values_list("column", "score"))
    assert figures["overall"] == figures["VisA"] == 65.375
    assert figures["anomaly-detection"] == figures["VisA/anomaly-detection"] == 70.5
    assert (figures["detection/overkill"], figures["detection/miss"]) == (39.0, 20.0)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (AUTHORS, "mine.csv", "mine.csv: The model’s name is read from the file’s"),
        (AUTHORS.replace("VisA", "Visa"), "answers_1_shot_m_accuracy.csv", "There is no line “VisA”"),
        (
            AUTHORS.replace("70.5", "x", 1),
            "answers_1_shot_m_accuracy.csv",
            "line 2, column “Anomaly Detection”",
        ),
    ],
)
def test_an_authors_table_at_fault_is_named(tmp_path: Path, content: str, name: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        load(file(tmp_path, content, name))


def test_an_unknown_benchmark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"There is no benchmark “nothing”.* import_mmad FILE --slug nothing"
    ):
        load(file(tmp_path, HEAD), slug="nothing")


def test_the_published_files_say_what_is_restated(reference: Path) -> None:
    published = sorted((reference / "mmad" / "published").glob("*.csv"))
    load()
    before = dict(Figure.objects.values_list("quoted__name", "score").filter(column="overall"))
    # The four incomplete tables also print precision and F1, which are not restated.
    assert load(*published) == "mmad: 0 new, 4 changed, 18 known as they are"
    assert load(*published) == "mmad: 0 new, 0 changed, 22 known as they are"
    assert load(reference / "mmad" / "quoted_results.csv") == "mmad: 0 new, 0 changed, 31 known as they are"
    assert dict(Figure.objects.values_list("quoted__name", "score").filter(column="overall")) == before
