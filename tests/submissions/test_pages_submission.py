"""A submission's page, its state fragment, its downloads and its team's deeds, asked in-process."""

import csv
import io
import json
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, get_args

import httpx
import pytest
from django.test import Client
from pytest_django import Settings

from scoring import replies
from submissions import evaluation, publication, releases, rescoring, storage
from submissions.models import Benchmark, Entry, Figure, Submission, Team, User
from submissions.ui.report import READINGS
from tests import material
from tests.servers.s3 import S3

pytestmark = pytest.mark.django_db
WRONG = b"question_id,answer\nDS-MVTec/none.png#0,=A\n" + material.answers().split(b"\n", 1)[1]


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def member() -> User:
    return material.person("member@example.org")


@pytest.fixture
def team(client: Client, member: User) -> Team:
    client.force_login(member)
    return material.team("a", member)


def page_of(client: Client, submission: Submission) -> Any:
    answer = client.get(f"/submissions/{submission.pk}/")
    assert answer.status_code == 200
    return answer


def act(client: Client, submission: Submission, deed: str, **fields: str) -> Any:
    return client.post(f"/submissions/{submission.pk}/{deed}/", fields)


def test_a_waiting_submission_shows_its_place_in_the_queue(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    material.submitted(benchmark, team, "first")
    second = material.submitted(benchmark, team, "second", now=material.NOON + timedelta(seconds=1))
    page = page_of(client, second)
    assert page.context["state_key"] == "queued-2-0"
    assert "number 2 in the queue" in page.content.decode()
    assert page.context["report"] is None


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"attempts": 0}, ""),
        ({"attempts": 1}, "attempt 2 of 3"),
        ({"attempts": 2}, "attempt 3 of 3"),
        ({"attempts": 0, "not_before": material.NOON}, "The store of files does not answer"),
    ],
    ids=["in its turn", "once", "twice", "the store is away"],
)
def test_a_submission_that_is_tried_again_says_so(
    state: dict[str, Any], said: str, client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.submitted(benchmark, team)
    seen = page_of(client, submission).context["state_key"]
    Submission.objects.filter(pk=submission.pk).update(**state)
    text = page_of(client, submission).content.decode()
    assert ("the fault is ours" in text) == bool(said)
    assert said in text
    changed = client.get(f"/submissions/{submission.pk}/state/", {"seen": seen})
    assert changed.status_code == (200 if said else 204)


def test_the_first_attempt_is_none_that_broke_off(client: Client, benchmark: Benchmark, team: Team) -> None:
    submission = material.brought(material.submitted(benchmark, team), "scoring", attempts=1)
    assert "the fault is ours" not in page_of(client, submission).content.decode()


def test_what_was_cancelled_while_the_store_was_away_waits_for_nothing(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.submitted(benchmark, team)
    Submission.objects.filter(pk=submission.pk).update(not_before=material.NOON)
    assert "the fault is ours" in page_of(client, submission).content.decode()
    act(client, submission, "cancel")
    assert "the fault is ours" not in page_of(client, submission).content.decode()


def test_the_state_fragment_answers_only_when_something_changed(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.submitted(benchmark, team)
    url = f"/submissions/{submission.pk}/state/"
    assert client.get(url).status_code == 200
    assert client.get(url, {"seen": "queued-1-0"}).status_code == 204
    evaluation.run(submission.pk)
    finished = client.get(url, {"seen": "queued-1-0"})
    assert (finished.status_code, finished["HX-Refresh"]) == (204, "true")


def test_a_scored_one_shows_every_figure_of_its_report(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.scored(benchmark, team, public=True)
    page = page_of(client, submission)
    report = page.context["report"]
    assert submission.score is not None
    assert report.score == f"{submission.score:.2f}"
    assert (report.complete, len(report.dots)) == (True, 7)
    assert [row.label for row in report.heat.rows] == list(material.DATASETS)
    assert all(len(row.cells) == 7 for row in report.heat.rows)
    assert report.detection is not None
    assert [str(reading.text) for reading in report.readings] == ["a letter alone"]
    assert "Rank 1 of 1 in the open division" in " ".join(page.content.decode().split())
    assert page.context["is_shown"] is True


def test_one_behind_the_first_is_told_how_far(client: Client, benchmark: Benchmark, team: Team) -> None:
    best = material.scored(benchmark, team, "best", file=material.answers(1.0), public=True)
    lesser = material.scored(benchmark, team, "lesser", file=material.answers(0.5), public=True)
    page = page_of(client, lesser)
    standing = page.context["standing"]
    assert (standing.rank, standing.of, standing.hypothetical) == (2, 2, False)
    assert best.score is not None
    assert lesser.score is not None
    assert standing.behind == f"{best.score - lesser.score:.2f}"
    assert (standing.leader, page.context["leader_name"]) == ("best", "best")
    assert all(dot.leader == "100.00" for dot in page.context["report"].dots)
    assert page_of(client, best).context["leader_name"] == ""


def test_a_private_one_is_told_where_it_would_stand(client: Client, benchmark: Benchmark, team: Team) -> None:
    material.scored(benchmark, team, "best", file=material.answers(1.0), public=True)
    material.scored(benchmark, team, "worst", file=material.answers(0.2), public=True)
    private = material.scored(benchmark, team, "mine", file=material.answers(0.6))
    standing = page_of(client, private).context["standing"]
    assert (standing.rank, standing.of, standing.hypothetical) == (2, 3, True)


@pytest.mark.parametrize("public", [True, False])
def test_one_that_would_not_be_shown_is_told_so(
    client: Client, benchmark: Benchmark, team: Team, public: bool
) -> None:
    best = material.scored(benchmark, team, "mine", file=material.answers(1.0), public=True)
    lesser = material.scored(benchmark, team, "mine", file=material.answers(0.5), public=public)
    for submission, said in ((best, ""), (lesser, "100.00")):
        page = page_of(client, submission)
        assert (page.context["outdone"], page.context["standing"] is None) == (said, bool(said))
    words = " ".join(page_of(client, lesser).content.decode().split())
    assert "Another submission stands for the entry on the board, with a score of 100.00." in words
    assert "Published, it would stand" not in words


def test_the_open_rank_comes_first_and_then_the_closed_one(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    is_closed = {"tools": "none", "training": "none-known"}
    material.scored(benchmark, team, "open", file=material.answers(1.0), public=True)
    closed = material.scored(benchmark, team, "closed", file=material.answers(0.6), public=True, **is_closed)
    for url in (closed.get_absolute_url(), f"/entries/{closed.entry_id}/"):
        page = client.get(url)
        said = "Rank 2 of 2 in the open division, rank 1 of 1 in the closed one."
        assert said in " ".join(page.content.decode().split())
        # The dots compare with the first of the default board.
        assert (page.context["standing"].leader, page.context["leader_name"]) == ("open", "open")
    private = material.scored(benchmark, team, "mine", file=material.answers(0.3), **is_closed)
    said = "rank 3 of 3 in the open division and at rank 2 of 2 in the closed one."
    assert said in " ".join(page_of(client, private).content.decode().split())


def test_a_partial_one_has_no_overall_score(client: Client, benchmark: Benchmark, team: Team) -> None:
    page = page_of(client, material.scored(benchmark, team, partial=["defect-analysis"], public=True))
    assert page.context["report"].has_score is False
    assert page.context["report"].partial == ("Defect Analysis",)
    assert page.context["standing"] is None


def test_the_score_stands_with_and_without_unread_replies(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    answers = material.answers(0.3).decode().splitlines(keepends=True)
    unread = [f"{line.partition(',')[0]},unsure\n" for line in answers[1:4]]
    submission = material.scored(
        benchmark, team, file="".join([answers[0], *unread, *answers[4:]]).encode(), public=True
    )
    page = page_of(client, submission)
    twice = page.context["report"].unread
    official = submission.reports.get().body["official_compatible"]
    assert (twice.count, twice.ranked, twice.official) == (3, f"{submission.score:.2f}", f"{official:.2f}")
    text = " ".join(page.content.decode().split())
    assert "3 questions have no reply that could be read." in text
    assert "never ranked" in text
    assert "never ranked" not in client.get(f"/entries/{submission.entry_id}/").content.decode()


def test_one_letter_throughout_is_warned_of_on_both_pages(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    header, *lines = material.answers(0.3).decode().splitlines()
    constant = "\n".join([header, *(f"{line.partition(',')[0]},A" for line in lines)])
    submission = material.scored(benchmark, team, file=constant.encode(), public=True)
    assert submission.commonest == 1
    for url in (f"/submissions/{submission.pk}/", f"/entries/{submission.entry_id}/"):
        assert "Nearly always the same letter." in client.get(url).content.decode()


def test_an_entry_says_what_picking_may_have_gained(client: Client, benchmark: Benchmark, team: Team) -> None:
    first = material.scored(benchmark, team, file=material.answers(0.3), public=True)
    url = f"/entries/{first.entry_id}/"
    assert "tries: up to" not in client.get(url).content.decode()
    material.scored(benchmark, team, file=material.answers(0.2), public=True)
    page = client.get(url)
    assert f"Picked from 2 tries: up to {page.context['report'].gain} points" in " ".join(
        page.content.decode().split()
    )
    assert 'class="gain"' in page.content.decode()


def test_a_partial_one_is_not_said_to_rank_where_its_column_is_not_disclosed(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.scored(benchmark, team, partial=["defect-analysis"], public=True)
    assert "scored and ranked only in" in page_of(client, submission).content.decode()
    Benchmark.objects.update(disclosure="overall")
    html = " ".join(page_of(client, submission).content.decode().split())
    assert "scored and ranked only in" not in html
    assert "a partial file has none. Sent as partial, for: Defect Analysis." in html
    about = client.get("/benchmarks/mmad/about/").content.decode()
    assert "this benchmark discloses no other" in about


@pytest.mark.parametrize(
    ("disclosure", "dots", "cells"), [("overall", 0, 0), ("subtasks", 7, 0), ("cells", 7, 4)]
)
def test_only_what_is_disclosed_is_shown(
    client: Client, benchmark: Benchmark, team: Team, disclosure: str, dots: int, cells: int
) -> None:
    submission = material.scored(benchmark, team, public=True)
    Benchmark.objects.update(disclosure=disclosure)
    page = page_of(client, submission)
    report = page.context["report"]
    assert (len(report.dots), len(report.heat.rows) if report.heat else 0) == (dots, cells)
    html = page.content.decode()
    assert ('id="by-subtask"' in html) == bool(dots)
    assert ('id="by-dataset"' in html) == bool(cells)
    assert ("Over all questions alike" in html) == (disclosure == "cells")
    hidden = Figure.objects.filter(submission=submission, column__startswith="VisA/")
    assert bool(report.readings) == (disclosure != "overall")
    for figure in hidden if disclosure == "overall" else ():
        assert f">{figure.score:.1f}<" not in page.content.decode()


def test_a_rejected_file_shows_causes_lines_and_the_way_out(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.scored(benchmark, team, file=WRONG)
    page = page_of(client, submission)
    rejection = page.context["rejection"]
    assert submission.status == "rejected"
    assert sum(int(cause.count) for cause in rejection.causes) == submission.errors_total
    assert rejection.lines[0].line == "2"
    assert "DS-MVTec/none.png#0" in rejection.lines[0].text
    assert "Send the corrected file" in page.content.decode()
    assert "1 problem as a file" in page.content.decode()
    Submission.objects.update(errors_total=1200)
    assert "All 1,200 problems as a file" in page_of(client, submission).content.decode()


def test_a_record_of_a_list_on_one_line_is_found_by_its_number(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    rows = [line.rsplit(",", 1) for line in material.answers().decode().splitlines()[1:]]
    records = [{"question_id": question_id, "answer": answer} for question_id, answer in rows]
    name = rows[6][0]
    del records[6]["answer"]
    submission = material.scored(benchmark, team, file=json.dumps(records).encode())
    said = f"Record 7 (“{name}”): The field “answer” is missing."
    [line] = page_of(client, submission).context["rejection"].lines
    [row] = csv.DictReader(
        io.StringIO(client.get(f"/submissions/{submission.pk}/problems.csv").getvalue().decode())
    )
    [error] = client.get(f"/api/v1/submissions/{submission.pk}/problems/").json()["errors"]
    assert (line.line, row["line"], error["line"]) == ("1", "1", 1)
    assert all(text.startswith(said) for text in (line.text, row["problem"], error["detail"]))
    assert set(error) == {"line", "field", "code", "detail"}


def test_all_problems_come_as_a_file_that_no_spreadsheet_runs(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.scored(benchmark, team, file=WRONG)
    answer = client.get(f"/submissions/{submission.pk}/problems.csv")
    lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert len(lines) == submission.errors_total
    assert list(lines[0]) == ["line", "field", "code", "problem"]
    assert lines[0]["line"] == "2"
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line.values())


def test_the_file_comes_back_as_it_was_sent(client: Client, benchmark: Benchmark, team: Team) -> None:
    submission = material.submitted(benchmark, team)
    answer = client.get(f"/submissions/{submission.pk}/answers/")
    assert answer.getvalue() == material.answers()
    assert answer["Content-Type"] == "application/octet-stream"
    assert "attachment" in answer["Content-Disposition"]


def test_where_browsers_reach_the_store_the_file_comes_from_there(
    client: Client, benchmark: Benchmark, team: Team, moto: S3, settings: Settings
) -> None:
    settings.VERNIER_ANSWERS_URL = f"s3://{moto.new_buckets().answers}"
    settings.VERNIER_S3 = asdict(replace(moto.web, public_endpoint=moto.endpoint))
    submission = material.submitted(benchmark, team)
    answer = client.get(f"/submissions/{submission.pk}/answers/")
    assert answer.status_code == 302
    assert "no-store" in answer["Cache-Control"]
    assert answer["Location"].startswith(f"{moto.endpoint}/")
    fetched = httpx.get(answer["Location"], trust_env=False)
    assert fetched.content == material.answers()
    assert fetched.headers["Content-Disposition"].startswith("attachment; filename=")
    storage.answers().delete(submission.answers_key)
    assert client.get(f"/submissions/{submission.pk}/answers/").status_code == 404


def test_a_file_that_storage_cannot_give_now_is_said(
    client: Client, benchmark: Benchmark, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = material.submitted(benchmark, team)

    def away() -> storage.Store:
        raise storage.StorageUnavailableError

    monkeypatch.setattr(storage, "answers", away)
    client.raise_request_exception = False
    for part in ("answers/", "problems.csv"):
        answer = client.get(f"/submissions/{submission.pk}/{part}")
        assert (answer.status_code, answer["Retry-After"]) == (503, "60"), part
        assert "does not answer" in answer.content.decode()
    assert page_of(client, submission)


def test_strangers_see_a_public_one_without_what_is_its_teams(
    client: Client, benchmark: Benchmark, team: Team, member: User
) -> None:
    submission = material.scored(benchmark, team, public=True)
    Submission.objects.update(file_name="secret-name.csv", sent_by=member)
    for stranger in (Client(), Client()):
        html = page_of(stranger, submission).content.decode()
        for theirs in ("secret-name.csv", "member@example.org", "/answers/", "/withdraw/", "/choose/"):
            assert theirs not in html
        stranger.force_login(material.person("stranger@example.org"))
        assert stranger.get(f"/submissions/{submission.pk}/answers/").status_code == 404
        break


def test_publishing_and_choosing(client: Client, benchmark: Benchmark, team: Team) -> None:
    submission = material.scored(benchmark, team)
    assert page_of(client, submission).context["can_publish"] is True
    answer = act(client, submission, "publish")
    assert (answer.status_code, answer["Location"]) == (303, f"/submissions/{submission.pk}/")
    publication.place(submission.entry_id)
    submission.refresh_from_db()
    assert submission.visibility == "public"
    other = material.scored(benchmark, team, file=material.answers(0.2), public=True)
    page = page_of(client, other)
    assert (page.context["can_choose"], page.context["is_shown"]) == (True, False)
    assert page.context["standing"] is None
    act(client, other, "choose")
    publication.place(other.entry_id)
    assert page_of(client, other).context["is_shown"] is True


RANKED_ANEW = "The board is being ranked anew"


def test_until_the_worker_has_ranked_nothing_is_said_that_it_may_change(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.scored(benchmark, team)
    act(client, submission, "publish")
    due = page_of(client, submission)
    assert (due.context["standing"], due.context["is_shown"], due.context["can_choose"]) == (
        None,
        False,
        False,
    )
    assert due.context["can_publish"] is False
    assert RANKED_ANEW in due.content.decode()
    publication.place(submission.entry_id)
    placed = page_of(client, submission)
    assert (placed.context["standing"].rank, placed.context["is_shown"]) == (1, True)
    assert RANKED_ANEW not in placed.content.decode()


def test_a_withdrawn_one_is_not_called_shown(client: Client, benchmark: Benchmark, team: Team) -> None:
    submission = material.scored(benchmark, team, public=True)
    act(client, submission, "withdraw", reason="wrong model")
    entry_url = f"/entries/{submission.entry_id}/"
    for url in (submission.get_absolute_url(), entry_url):
        page = client.get(url).content.decode()
        assert RANKED_ANEW in page
        assert "on the board</span>" not in page
    assert "Rank 1" not in client.get(entry_url).content.decode()
    # Even if only the mark were lost.
    Entry.objects.update(standing_due=False)
    assert page_of(client, submission).context["is_shown"] is False


def test_withdrawing_needs_a_reason(client: Client, benchmark: Benchmark, team: Team) -> None:
    submission = material.scored(benchmark, team, public=True)
    refused = act(client, submission, "withdraw", reason="  ")
    assert refused.status_code == 422
    assert "Say why" in refused.context["withdraw_error"]
    assert act(client, submission, "withdraw", reason="wrong model").status_code == 303
    page = page_of(client, submission)
    assert "wrong model" in page.content.decode()
    assert page.context["standing"] is None
    assert not any(page.context[deed] for deed in ("can_publish", "can_withdraw", "can_choose"))


def test_a_deed_that_the_rules_forbid_is_explained_on_the_page(
    client: Client, benchmark: Benchmark, team: Team
) -> None:
    submission = material.scored(benchmark, team)
    answer = client.post(f"/submissions/{submission.pk}/choose/", follow=True)
    assert "Make the submission public first" in answer.content.decode()


def test_deeds_are_done_by_post_only(client: Client, benchmark: Benchmark, team: Team) -> None:
    submission = material.scored(benchmark, team)
    for deed in ("publish", "withdraw", "choose"):
        url = f"/submissions/{submission.pk}/{deed}/"
        assert client.put(url).status_code == 405
        led = client.get(url)
        assert (led.status_code, led["Location"]) == (303, submission.get_absolute_url())
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    assert act(strict, submission, "publish").status_code == 403
    submission.refresh_from_db()
    assert submission.visibility == "private"


def test_the_page_asks_the_same_number_of_queries_however_many_are_ranked(
    client: Client, benchmark: Benchmark, team: Team, django_assert_max_num_queries: Any
) -> None:
    submission = material.scored(benchmark, team, public=True)
    page_of(client, submission)
    with django_assert_max_num_queries(12):
        page_of(client, submission)
    for number in range(4):
        material.scored(
            benchmark, team, f"other {number}", file=material.answers(0.9, seed=number), public=True
        )
    with django_assert_max_num_queries(12):
        page_of(client, submission)


def test_every_reading_rule_has_its_words() -> None:
    assert set(READINGS) == set(get_args(replies.Rule))


def test_a_failed_one_says_that_the_fault_is_ours(client: Client, benchmark: Benchmark, team: Team) -> None:
    submission = material.submitted(benchmark, team)
    material.brought(submission, "failed")
    assert "the fault is ours" in page_of(client, submission).content.decode()


@pytest.mark.parametrize("state", ["queued", "cancelled", "rejected", "failed", "scored"])
def test_a_team_can_have_its_file_back_whatever_became_of_it(
    client: Client, benchmark: Benchmark, team: Team, state: str
) -> None:
    file = WRONG if state == "rejected" else material.answers()
    sent = material.submitted(benchmark, team, file=file)
    if state in ("rejected", "scored"):
        evaluation.run(sent.pk)
    else:
        material.brought(sent, state)
    download = f"/submissions/{sent.pk}/answers/"
    assert download in page_of(client, sent).content.decode()
    assert client.get(download).getvalue() == file


def test_reports_on_every_release_can_be_downloaded(client: Client, benchmark: Benchmark, team: Team) -> None:
    first = benchmark.current_release
    assert first
    submission = material.scored(benchmark, team, public=True)
    questions = material.questions()
    question = next(iter(questions.values()))["conversation"][1]
    question["Answer"] = "B" if question["Answer"] == "A" else "A"
    draft, _outcome = releases.publish(material.content_of(questions), slug=benchmark.slug)
    while draft.rescoring:
        rescoring.take_turn(draft.pk, draft.rescoring_turn)
        draft.refresh_from_db()
    releases.make_current(draft, now=material.NOON)
    address = f"/api/v1/submissions/{submission.pk}/report/?release={first.short_digest}"
    assert address in page_of(client, submission).content.decode()
    assert client.get(address).json()["release"] == first.digest
