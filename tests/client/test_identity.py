"""Trusted publishing from the client's side: an identity is exchanged, and neither it nor the token is ever printed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.client.process import body, run
from tests.client.scripted import Answer, Asked, Cut, Scripted, Step, problem, serving, submission

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvIn0.c2lnbmF0dXJl"
MINTED = "vrn_" + "m" * 36
TAKEN = Answer(submission("queued"), 202)
SCORED = Answer(submission())
MADE = Answer(
    {"token": MINTED, "expires_at": "2026-03-02T12:15:00Z", "team": "x", "benchmarks": ["mmad"]}, 201
)


def audience(site: list[str]) -> Step:
    """The site's own address, which is known once it is up."""
    return lambda _asked: Answer({"audience": site[0]})


def sent(folder: Path, *steps: Step, runner: Scripted | None = None, **env: str) -> tuple[Any, Scripted]:
    (folder / "answers.csv").write_text("x")
    url: list[str] = []
    with serving(audience(url), *steps) as site:
        url.append(site.url)
        known = {"VERNIER_URL": site.url, "VERNIER_BENCHMARK": "mmad", "VERNIER_ENTRY": "m"}
        if runner is not None:
            known |= {
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{runner.url}/token?api-version=2.0",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runners-own",
            }
        done = run(folder, "submit", "answers.csv", "--wait", "--json", "--verbose", env=known | env)
    for secret in (JWT, MINTED, "runners-own"):
        assert secret not in done.stdout + done.stderr
    return done, site


def test_what_a_gitlab_job_was_given_is_exchanged(tmp_path: Path) -> None:
    said: list[dict[str, str]] = []

    def mint(asked: Asked) -> Answer:
        said.append(json.loads(asked.raw))
        return MADE

    done, site = sent(tmp_path, mint, TAKEN, SCORED, VERNIER_ID_TOKEN=JWT, VERNIER_TEAM="ours")
    assert done.returncode == 0, done.stderr
    assert said == [{"token": JWT, "benchmark": "mmad", "team": "ours"}]
    paths = [(asked.method, asked.path) for asked in site.asked]
    assert paths[:2] == [("GET", "/api/v1/oidc/audience/"), ("POST", "/api/v1/oidc/mint-token/")]
    authorized = [asked.headers.get("Authorization") for asked in site.asked]
    assert authorized == [None, None, f"Bearer {MINTED}", f"Bearer {MINTED}"]


def test_github_is_asked_for_an_identity_made_out_to_the_site(tmp_path: Path) -> None:
    with serving(Answer({"value": JWT})) as runner:
        done, site = sent(tmp_path, MADE, TAKEN, SCORED, runner=runner)
    assert done.returncode == 0, done.stderr
    (asked,) = runner.asked
    assert asked.headers["Authorization"] == "Bearer runners-own"
    assert asked.path == f"/token?api-version=2.0&audience={site.url.replace(':', '%3A').replace('/', '%2F')}"


def test_a_token_that_is_given_goes_first(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("x")
    with serving(TAKEN, SCORED) as site:
        env = {"VERNIER_URL": site.url, "VERNIER_BENCHMARK": "mmad", "VERNIER_ENTRY": "m"}
        both = env | {"VERNIER_TOKEN": "vrn_given", "VERNIER_ID_TOKEN": JWT}
        assert run(tmp_path, "submit", "answers.csv", "--wait", env=both).returncode == 0
    assert {asked.headers["Authorization"] for asked in site.asked} == {"Bearer vrn_given"}


@pytest.mark.parametrize("wanted", ["pypi", "https://elsewhere.example.org", ""])
def test_a_site_that_wants_somebody_elses_identity_gets_none(wanted: str, tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("x")
    with serving(Answer({"audience": wanted})) as site, serving(Answer({"value": JWT})) as runner:
        env = {
            "VERNIER_URL": site.url,
            "VERNIER_BENCHMARK": "mmad",
            "VERNIER_ENTRY": "m",
            "ACTIONS_ID_TOKEN_REQUEST_URL": runner.url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runners-own",
        }
        done = run(tmp_path, "submit", "answers.csv", "--wait", "--json", env=env)
    assert (done.returncode, body(done)["error"]["code"]) == (5, "audience")
    assert runner.asked == []


def test_a_lost_answer_is_asked_for_with_a_new_identity(tmp_path: Path) -> None:
    with serving(Answer({"value": JWT})) as runner:
        done, _site = sent(tmp_path, Cut(), MADE, TAKEN, SCORED, runner=runner)
    assert done.returncode == 0, done.stderr
    assert len(runner.asked) == 2


def test_a_token_that_ends_while_it_waits_is_replaced(tmp_path: Path) -> None:
    ended = problem(401, "token-ended", "This token ended.")
    url: list[str] = []
    second = "vrn_" + "n" * 36

    def asked_again(_asked: Asked) -> Answer:
        return Answer({"audience": url[0]})

    (tmp_path / "answers.csv").write_text("x")
    steps = (asked_again, MADE, TAKEN, ended, asked_again, Answer({"token": second}, 201), SCORED)
    with serving(Answer({"value": JWT})) as runner, serving(*steps) as site:
        url.append(site.url)
        env = {
            "VERNIER_URL": site.url,
            "VERNIER_BENCHMARK": "mmad",
            "VERNIER_ENTRY": "m",
            "ACTIONS_ID_TOKEN_REQUEST_URL": runner.url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runners-own",
        }
        done = run(tmp_path, "submit", "answers.csv", "--wait", env=env)
    assert done.returncode == 0, done.stderr
    assert site.asked[-1].headers["Authorization"] == f"Bearer {second}"
    assert len(runner.asked) == 2


def test_a_refused_identity_ends_with_five_and_the_sites_reason(tmp_path: Path) -> None:
    refused = problem(403, "publisher-workflow", "It is of the workflow release.yml.")
    done, _site = sent(tmp_path, refused, VERNIER_ID_TOKEN=JWT)
    assert (done.returncode, body(done)["error"]["code"]) == (5, "publisher-workflow")
    assert "It is of the workflow release.yml." in done.stderr


def test_a_runner_that_gives_none_is_named_without_its_own_token(tmp_path: Path) -> None:
    with serving(problem(403, "no")) as runner:
        done, _site = sent(tmp_path, MADE, runner=runner)
    assert done.returncode == 6
    assert "The runner gave no identity token" in done.stderr


def test_a_github_job_without_the_permission_is_told_of_it(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("x")
    env = {
        "VERNIER_URL": "http://127.0.0.1:9",
        "VERNIER_BENCHMARK": "m",
        "VERNIER_ENTRY": "m",
        "GITHUB_ACTIONS": "true",
    }
    done = run(tmp_path, "submit", "answers.csv", env=env)
    assert done.returncode == 2
    assert "id-token: write" in done.stderr
