"""Where a command takes its settings from, and what it sends of them."""

from pathlib import Path

import pytest

from tests.client.process import body, run
from tests.client.scripted import ID, OTHER, Answer, problem, serving, submission
from vernier import settings
from vernier.exits import StopError

TAKEN = Answer(submission("queued"), 202)
FILE = """
url = "{url}"
benchmark = "mmad"
entry = "of the file"
partial = ["anomaly-detection", "object-analysis"]

[settings]
shots = 1
reasoning = true
tools = "none"
"""


def test_options_go_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("x")
    with serving(TAKEN) as site:
        (tmp_path / "vernier.toml").write_text(FILE.format(url=site.url))
        env = {
            "VERNIER_TOKEN": "vrn_x",
            "VERNIER_ENTRY": "of the environment",
            "VERNIER_TOOLS": "other",
        }
        done = run(tmp_path, "submit", "answers.csv", "--tools", "expert-agent", env=env)
    assert done.returncode == 0, done.stderr
    assert sorted(site.asked[0].fields) == [
        ("entry", "of the environment"),
        ("partial", "anomaly-detection"),
        ("partial", "object-analysis"),
        ("reasoning", "yes"),
        ("shots", "1"),
        ("tools", "expert-agent"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('token = "vrn_x"', "does not belong"),
        ('visibilty = "public"', "there is no setting “visibilty”"),
        ("partial = 1", "has to be a list"),
        ("shots = [1]", "has to be one value"),
        ("url =", "cannot be read"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vernier.toml").write_text(text)
    with pytest.raises(StopError, match=said) as refused:
        settings.read_file(None, {})
    assert refused.value.exit_code == 2
    assert settings.read_file(None, {"VERNIER_CONFIG": ""}) == {}


@pytest.mark.parametrize(
    "url", ["", "vernier.example.org", "ftp://x", "https://me:secret@x", "https://x/?a", "https://x:99999999"]
)
def test_what_is_no_address_of_a_site_is_refused(url: str) -> None:
    with pytest.raises(StopError) as refused:
        settings.Settings({}, {"VERNIER_URL": url}, {}).url()
    assert refused.value.exit_code == 2
    assert "secret" not in refused.value.sentence


@pytest.mark.parametrize(
    "arguments",
    [
        ("submit", "answers.csv", "--fail-if", "below=x"),
        ("submit", "answers.csv", "--fail-if", "worse"),
        ("submit", "answers.csv", "--unknown"),
        ("submit", "answers.csv", "--benchmark", "../../x"),
        ("status", "not-an-id"),
        ("status", "6f1c2c3e-0000-4000-8000-000000000001", "--timeout", "-1"),
        (),
    ],
)
def test_what_is_used_wrongly_ends_with_two_and_asks_nothing(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "answers.csv").write_text("x")
    with serving(TAKEN) as site:
        env = {
            "VERNIER_URL": site.url,
            "VERNIER_TOKEN": "vrn_x",
            "VERNIER_BENCHMARK": "m",
            "VERNIER_ENTRY": "e",
        }
        assert run(tmp_path, *arguments, env=env).returncode == 2
    assert not site.asked


def validated(folder: Path, *answers: Answer) -> tuple[int, dict[str, object]]:
    (folder / "answers.csv").write_text("x")
    with serving(*answers) as site:
        env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad"}
        done = run(folder, "validate", "answers.csv", "--frame", "pixels", "--json", env=env)
    assert site.asked[0].path == "/api/v1/benchmarks/mmad/validate/"
    assert site.asked[0].fields == [("frame", "pixels")]
    assert site.asked[0].file == b"x"
    return done.returncode, body(done)


def test_a_file_is_checked_without_being_sent_in(tmp_path: Path) -> None:
    wrong = {"line": 3, "field": None, "code": "unknown-question", "detail": "There is none."}
    fine = {"valid": True, "errors": [], "format": "plain-csv", "present": 1.0, "coverage": 0.9}
    assert validated(tmp_path, Answer(fine)) == (0, fine)
    for status, code in ((422, "invalid-answers"), (415, "file-image")):
        errors = [{**wrong, "field": "file"}] if status == 415 else [wrong]
        known = {"errors": errors, "errors_total": 31, "error_counts": {"unknown-question": 31}}
        at_fault = {"code": code, "detail": "It is wrong.", **known}
        assert validated(tmp_path, Answer(at_fault, status)) == (3, {"valid": False, **known})
    assert validated(tmp_path, problem(422, "unknown-frame", "No such frame."))[0] == 5


def test_what_the_sentence_says_is_not_said_again(tmp_path: Path) -> None:
    said = "The file is UTF-16: save it as UTF-8."
    errors = [{"line": None, "field": "file", "code": "file-utf-16", "detail": said}]
    (tmp_path / "answers.csv").write_text("x")
    with serving(Answer({"code": "file-utf-16", "detail": said, "errors": errors}, 415)) as site:
        env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad"}
        done = run(tmp_path, "validate", "answers.csv", env=env)
    assert (done.returncode, done.stdout) == (3, f"{said}\n")


@pytest.mark.parametrize(
    "command",
    [
        ("validate", "answers.csv"),
        ("submit", "answers.csv", "--entry", "m"),
        ("submit", "answers.csv", "--entry", "m", "--fail-if", "below=1"),
        ("list",),
        ("board",),
        ("compare", ID, OTHER),
    ],
    ids=" ".join,
)
def test_a_wrong_benchmark_is_told_with_those_that_there_are(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "answers.csv").write_text("x")
    nothing = problem(404, "not-found", "There is nothing here.")
    for slugs, told in (
        (["other", "another"], "There is no benchmark “mmad” at "),
        (["mmad"], "There is nothing here."),
    ):
        known = Answer({"next": None, "results": [{"slug": slug} for slug in slugs]})
        with serving(nothing, known) as site:
            env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad"}
            done = run(tmp_path, *command, "--json", env=env)
        assert (done.returncode, body(done)["error"]["code"]) == (5, "not-found")
        assert body(done)["error"]["detail"].startswith(told)
        assert ("Known are: other, another." in done.stderr) is (len(slugs) == 2)


@pytest.mark.parametrize(
    ("beyond", "said"),
    [
        ("/benchmarks/", "may have “/benchmarks” too much: try http://127.0.0.1:"),
        ("", "Is the address that of a"),
    ],
)
def test_an_address_with_a_path_too_much_is_told(beyond: str, said: str, tmp_path: Path) -> None:
    with serving(Answer(b"<h1>Nothing here</h1>", 404)) as site:
        done = run(tmp_path, "board", "--benchmark", "mmad", env={"VERNIER_URL": site.url + beyond})
    assert done.returncode == 6
    assert said in done.stderr
