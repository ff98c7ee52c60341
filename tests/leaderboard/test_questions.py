"""The questions in public: found, read and reported, never answered."""

from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from submissions import accounts, addresses, askers, disputes, releases
from submissions.models import Benchmark, Dispute, DisputedQuestion, Question, Release, User
from submissions.models.dispute import About, Decision
from submissions.ui import format as written
from tests import material

pytestmark = pytest.mark.django_db

LIST = "/benchmarks/mmad/questions/"
FIRST = "DS-MVTec/thing/image/good/000.png#0"
PAGE = f"{LIST}DS-MVTec/thing/image/good/000.png%230/"
LATER = "DS-MVTec/thing/image/good/003.png#0"  # of a fourth image
REPORT = {"about": "answer", "reason": "There is a scratch at the edge."}


@pytest.fixture
def benchmark() -> Benchmark:
    return material.benchmark()


@pytest.fixture
def question(benchmark: Benchmark) -> Question:
    return Question.objects.get(release=benchmark.current_release, question_id=FIRST)


@pytest.fixture
def person() -> User:
    return material.person("p@example.org")


@pytest.fixture
def organizer() -> User:
    return User.objects.create_superuser("staff@example.org", "correct horse battery")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def rule(organizer: User, decision: Decision, reply: str = "We looked.") -> None:
    by = askers.for_user(organizer)
    disputes.rule(DisputedQuestion.objects.get(), decision=decision, reply=reply, by=by, now=material.NOON)


def draft(images_a_class: int = 3, seed: int = 8) -> Release:
    return releases.publish(material.content(images_a_class, seed), slug="mmad")[0]


def make_current(release: Release) -> None:
    releases.make_current(release, now=timezone.now())


def listed(client: Client, **asked: str) -> list[str]:
    return [line["url"] for line in client.get(LIST, asked).context["questions"]]


def walked(client: Client, url: str, way: str) -> list[str]:
    """The questions on this page and on all pages that it leads to in one direction."""
    found = []
    while url:
        context = client.get(url).context
        found.append([line["url"] for line in context["questions"]])
        url = context[f"{way}_url"]
    return [line for page in (found if way == "next" else reversed(found)) for line in page]


@pytest.mark.parametrize("asked", ["", "?q=/good/", "?subtask=anomaly-detection", "?dataset=VisA&q=/GOOD/"])
def test_the_list_is_walked_forwards_and_backwards(client: Client, asked: str) -> None:
    benchmark = material.benchmark(images_a_class=20)
    forwards = walked(client, LIST + asked, "next")
    known = Question.objects.filter(release=benchmark.current_release)
    if "subtask" in asked:
        known = known.filter(subtask="anomaly-detection")
    if "good" in asked.lower():
        known = known.filter(image__contains="/good/")
    if "VisA" in asked:
        known = known.filter(source_dataset="VisA")
    assert forwards == [each.get_absolute_url() for each in known.order_by("position")]
    url, last = LIST + asked, ""
    while url:
        last, url = url, client.get(url).context["next_url"]
    assert walked(client, last, "previous") == forwards


def test_questions_are_found_by_path_text_subtask_and_dataset(client: Client, benchmark: Benchmark) -> None:
    assert len(listed(client)) == 50
    assert len(listed(client, q="good/001")) == 12
    assert len(listed(client, q="AS TO DEFECT ANALYSIS")) == 12
    assert len(listed(client, subtask="object-analysis", dataset="VisA")) == 3
    assert listed(client, q=FIRST.partition("#")[0], subtask="anomaly-detection") == [PAGE]
    assert "No question is like that." in text(client, f"{LIST}?q=%25")
    assert "was left out" not in text(client, f"{LIST}?q=good&subtask=&dataset=")
    assert "1–50 of 96" in text(client, LIST)


@pytest.mark.parametrize(
    "asked", ["subtask=nothing", "dataset=%00", "q=%00", f"q={'x' * 300}", "cursor=x", "cursor=WzEsMSwxXQ"]
)
def test_what_cannot_be_asked_for_is_left_out_and_said(
    client: Client, benchmark: Benchmark, asked: str
) -> None:
    answer = client.get(f"{LIST}?{asked}")
    assert answer.status_code == 200
    assert "was left out" in answer.content.decode()
    assert len(answer.context["questions"]) == 50


def test_a_benchmark_without_questions_has_an_empty_list(client: Client, benchmark: Benchmark) -> None:
    assert LIST in text(client, "/benchmarks/mmad/about/")
    Benchmark.objects.update(current_release=None, is_open=False)
    assert "There are no questions here." in text(client, LIST)
    assert LIST not in text(client, "/benchmarks/mmad/about/")
    assert client.get("/benchmarks/nothing/questions/").status_code == 404


def test_the_list_takes_few_queries(
    client: Client, benchmark: Benchmark, question: Question, person: User, django_assert_max_num_queries: Any
) -> None:
    dispute(question, person)
    client.get(LIST)
    with django_assert_max_num_queries(4):
        page = client.get(LIST).content.decode()
    assert "1 report" in page


def dispute(question: Question, by: User) -> None:
    disputes.dispute(
        question, about=About.ANSWER, reason="<b>a scratch</b>", by=askers.for_user(by), now=material.NOON
    )


def test_a_question_is_shown_with_its_options_and_without_its_answer(client: Client) -> None:
    """Two truths of the same questions make the same pages."""
    shown: dict[str, list[str]] = {"bench-aa": [], "bench-bb": []}
    benchmarks = [material.benchmark(slug, seed=seed) for seed, slug in enumerate(shown)]
    for benchmark in benchmarks:
        release = benchmark.current_release
        assert release is not None
        for each in release.questions.order_by("position")[:8]:
            page = text(client, each.get_absolute_url())
            assert all(escape(option) in page for option in each.options.values())
            assert each.image in page
            page = page[page.index("<main") :].replace(release.digest, "").replace(release.digest[:7], "")
            shown[benchmark.slug].append(page.replace(benchmark.slug, ""))
    assert shown["bench-aa"] == shown["bench-bb"]


def test_who_is_not_signed_in_is_led_to_it_and_back(client: Client, question: Question) -> None:
    assert f'/accounts/login/?next={quote(PAGE, safe="")}"' in text(client, PAGE)
    answer = client.post(PAGE, REPORT)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={quote(PAGE)}")
    assert not Dispute.objects.exists()


def test_a_person_reports_and_changes_what_they_reported(question: Question, person: User) -> None:
    client = signed_in(person)
    answer = client.post(PAGE, REPORT, follow=True)
    assert answer.redirect_chain == [(PAGE, 303)]
    page = " ".join(answer.content.decode().split())
    assert "Reported." in page
    assert "1 person has reported" in page
    assert "You reported: its answer is wrong." in page
    assert "Change your report" in page
    client.post(PAGE, {"about": "wording", "reason": "Which edge?"})
    kept = Dispute.objects.get()
    assert (kept.about, kept.reason, kept.reported_by) == ("wording", "Which edge?", person)


@pytest.mark.parametrize("wrong", [{"about": "weather"}, {"reason": " "}, {"reason": "x" * 2001}])
def test_what_is_wrong_with_a_report_comes_back_with_its_text(
    question: Question, person: User, wrong: dict[str, str]
) -> None:
    given = {**REPORT, **wrong}
    answer = signed_in(person).post(PAGE, given)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "one thing needs a change" in page
    assert given["reason"].strip() in page
    assert not Dispute.objects.exists()


def test_a_report_comes_from_our_own_form(question: Question, person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.post(PAGE, REPORT).status_code == 403
    assert not Dispute.objects.exists()


def test_others_learn_how_many_reported_and_nothing_more(
    client: Client, question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    stranger = signed_in(material.person("s@example.org"))
    for other in (client, stranger, signed_in(organizer)):
        page = text(other, PAGE)
        assert "1 person has reported" in page
        assert "scratch" not in page
        assert person.email not in page
    assert "&lt;b&gt;a scratch&lt;/b&gt;" in text(signed_in(person), PAGE)
    assert "at the desk" in text(signed_in(organizer), PAGE)
    assert "at the desk" not in text(stranger, PAGE)


def test_a_report_outlives_its_account(client: Client, question: Question, person: User) -> None:
    dispute(question, person)
    accounts.delete(person, now=material.NOON)
    assert "1 person has reported" in text(client, PAGE)


def test_everybody_reads_the_organizers_reply(
    client: Client, question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    for decision, said in (
        (Decision.STANDS, "It stands as it is."),
        (Decision.CORRECTED, "It will be corrected in the next release."),
        (Decision.EXCLUDED, "It will be excluded from the next release on."),
    ):
        rule(organizer, decision, "<i>Two</i> are right.")
        page = text(client, PAGE)
        assert said in page
        assert "&lt;i&gt;Two&lt;/i&gt; are right." in page
        assert "Not counted." not in page
    assert "to be excluded" in text(client, LIST)
    make_current(draft())
    page = text(client, PAGE)
    assert "It is excluded: no figure counts it." in page
    assert "Not counted." in page
    assert "not counted" in text(client, LIST)


def test_a_correction_names_the_release_that_has_it(
    client: Client, question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    rule(organizer, Decision.CORRECTED)
    release = draft()
    make_current(release)
    page = text(client, PAGE)
    assert "It was corrected." in page
    assert f"In release {written.digest(release.digest)}." in page


def test_a_question_that_is_gone_still_answers_and_takes_no_report(
    client: Client, question: Question, person: User
) -> None:
    make_current(draft(images_a_class=4))
    make_current(draft(seed=9))
    gone = addresses.of_question("mmad", LATER)
    assert "Not in the current release." in text(client, gone)
    answer = signed_in(person).post(gone, REPORT)
    assert answer.status_code == 422
    assert "there is nothing to report" in answer.content.decode()
    assert not Dispute.objects.exists()
    assert "Not in the current release." not in text(client, PAGE)


def test_a_question_of_a_draft_is_there_for_organizers_alone(
    client: Client, question: Question, person: User, organizer: User
) -> None:
    draft(images_a_class=4)
    url = addresses.of_question("mmad", LATER)
    for other in (client, signed_in(person)):
        assert other.get(url).status_code == 404
        assert other.post(url, REPORT).status_code == 404
    assert "In a draft alone." in text(signed_in(organizer), url)
    assert signed_in(organizer).post(url, REPORT).status_code == 422
    assert LATER not in text(client, f"{LIST}?q=003.png")


@pytest.mark.parametrize("path", ["nothing", "a%00b", "%23", "a%23%3F%2F..%2F", "x" * 5000])
def test_what_is_no_question_is_not_found(client: Client, question: Question, path: str) -> None:
    assert client.get(f"{LIST}{path}/").status_code == 404


def test_a_draft_shows_organizers_which_rulings_it_keeps(
    client: Client, question: Question, person: User, organizer: User
) -> None:
    dispute(question, person)
    before = draft(seed=9)
    rule(organizer, Decision.EXCLUDED)
    desk = signed_in(organizer)
    page = text(desk, f"/benchmarks/mmad/releases/{before.short_digest}/")
    assert "What was promised for it" in page
    assert PAGE in page
    assert "import its file again" in page
    carries = draft(seed=9)
    assert "It does not count it." in text(desk, f"/benchmarks/mmad/releases/{carries.short_digest}/")
    make_current(carries)
    for anyone in (client, desk):
        page = text(anyone, f"/benchmarks/mmad/releases/{carries.short_digest}/")
        assert "What was promised for it" not in page
    rule(organizer, Decision.CORRECTED)
    page = text(desk, f"/benchmarks/mmad/releases/{draft(seed=10).short_digest}/")
    assert "import its file again" not in page, "corrected takes the place of excluded"
    assert "See in your file" in page


STRANGE = [
    "DS-MVTec/a b/100%25.png#0",
    "DS-MVTec/?q=1&x=/é/螺丝.png#0",
    "DS-MVTec//double.png#0",
    "DS-MVTec/../up/./here.png#1",
    "DS-MVTec/back\\slash+plus;semi'quote\"<b>.png#0",
    "DS-MVTec/trailing/.png#0",
]


@pytest.mark.parametrize("question_id", STRANGE)
def test_every_question_has_an_address_that_browsers_leave_alone(
    client: Client, question: Question, question_id: str
) -> None:
    Question.objects.filter(pk=question.pk).update(question_id=question_id)
    url = addresses.of_question("mmad", question_id)
    path = url.removeprefix("/benchmarks/mmad/questions/").removesuffix("/")
    assert unquote(path) == question_id
    assert not {"", ".", ".."} & set(path.split("/"))
    assert set("#?\\ \"<>'&") & set(path) == set()
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer.context["question"].question_id == question_id
    assert f'action="{url}"' not in answer.content.decode(), "nobody is signed in"
    client.force_login(material.person("p@example.org"))
    assert f'action="{url}"' in client.get(url).content.decode()
    answer = client.post(url, {"about": "answer", "reason": "wrong"})
    assert (answer.status_code, answer["Location"]) == (303, url)
