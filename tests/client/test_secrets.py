"""A token is printed nowhere, and kept where its owner alone reads."""

from pathlib import Path

import pytest

from tests.client.process import run
from tests.client.scripted import Answer, problem, serving, submission
from vernier.exits import StopError
from vernier.tokens import Token

TOKEN = "vrn_" + "A1b2" * 9
ODD = "an-odd-one-that-is-no-token"
PAGE = Answer({"next": None, "results": [submission(slug="mmad", kind="scored")]})  # a row of every list


@pytest.mark.parametrize("token", [TOKEN, ODD])
def test_not_even_a_site_that_repeats_it_gets_it_printed(token: str, tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("x")
    env = {"VERNIER_TOKEN": token, "VERNIER_BENCHMARK": "mmad"}
    for answer in (
        problem(401, "token-unknown", f"Bearer {token} is not known."),
        Answer(submission(entry={"id": "x", "name": token, "settings": {}}), 202),
        Answer(b"%s" % token.encode(), 500),
    ):
        with serving(answer) as site:
            for more in (["--verbose"], ["--verbose", "--json"]):
                done = run(
                    tmp_path,
                    "submit",
                    "answers.csv",
                    "--entry",
                    "m",
                    *more,
                    env=env | {"VERNIER_URL": site.url},
                )
                assert site.asked[-1].headers["Authorization"] == f"Bearer {token}"
                assert token not in done.stdout + done.stderr


@pytest.mark.parametrize("token", ["vrn_a b", "vrn_a\nb", "vrn_é"])
def test_what_no_header_carries_is_refused_unquoted(token: str, tmp_path: Path) -> None:
    env = {"VERNIER_URL": "http://127.0.0.1:1", "VERNIER_TOKEN": token, "VERNIER_BENCHMARK": "mmad"}
    done = run(tmp_path, "list", env=env)
    assert done.returncode == 2
    assert token not in done.stderr
    assert "Traceback" not in done.stderr


def test_it_shows_nothing_of_itself() -> None:
    token = Token(TOKEN)
    assert TOKEN not in f"{token} {token!r} {[token]} {vars(Token)}"
    with pytest.raises(StopError):
        Token(" ")


def test_login_keeps_it_for_that_site_alone(tmp_path: Path) -> None:
    with serving(PAGE) as site, serving(PAGE) as other:
        done = run(tmp_path, "login", "--url", site.url, stdin=f"{TOKEN}\n")
        assert done.returncode == 0, done.stderr
        assert TOKEN not in done.stdout + done.stderr
        kept = tmp_path / ".config" / "vernier" / "tokens.json"
        assert kept.stat().st_mode & 0o777 == 0o600
        run(tmp_path, "list", "--benchmark", "mmad", "--url", site.url)
        assert site.asked[-1].headers["Authorization"] == f"Bearer {TOKEN}"
        assert run(tmp_path, "list", "--benchmark", "mmad", "--url", other.url).returncode == 2
        assert run(tmp_path, "board", "--benchmark", "mmad", "--url", other.url, "--json").returncode == 0
        assert "Authorization" not in other.asked[-1].headers


def test_login_keeps_nothing_that_the_site_does_not_know(tmp_path: Path) -> None:
    with serving(problem(401, "token-unknown")) as site:
        done = run(tmp_path, "login", "--url", site.url, stdin=TOKEN)
    assert done.returncode == 5
    assert not (tmp_path / ".config").exists()


def test_a_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    kept = tmp_path / ".config" / "vernier" / "tokens.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{}")
    kept.chmod(0o644)
    done = run(tmp_path, "list", "--benchmark", "mmad", "--url", "http://127.0.0.1:1")
    assert done.returncode == 2
    assert "chmod 600" in done.stderr


@pytest.mark.parametrize("how", ["", "VERNIER_URL", "--url", "--config", "VERNIER_CONFIG"])
def test_where_a_folder_alone_chooses_the_site_it_is_named(how: str, tmp_path: Path) -> None:
    with serving(PAGE) as site:
        (tmp_path / "vernier.toml").write_text(f'url = "{site.url}"\nbenchmark = "mmad"\n')
        said = site.url if "url" in how.lower() else "vernier.toml"
        env, more = ({}, [how, said]) if how.startswith("--") else ({how: said} if how else {}, [])
        done = run(tmp_path, "list", *more, env={"VERNIER_TOKEN": TOKEN, **env})
    assert done.returncode == 0, done.stderr
    assert site.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert (f"VERNIER_TOKEN goes to {site.url}" in done.stderr) == (how == "")


def test_a_token_that_login_kept_needs_no_more_than_the_folders_file(tmp_path: Path) -> None:
    with serving(PAGE) as site:
        assert run(tmp_path, "login", "--url", site.url, stdin=TOKEN).returncode == 0
        (tmp_path / "vernier.toml").write_text(f'url = "{site.url}"\nbenchmark = "mmad"\n')
        done = run(tmp_path, "list")
    assert done.returncode == 0, done.stderr
    assert site.asked[-1].headers["Authorization"] == f"Bearer {TOKEN}"


def test_without_a_terminal_nothing_moves_on_it(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_text("x")
    with serving(Answer(submission(entry={"id": "x", "name": "a\x1b[2J", "settings": {}}), 202)) as site:
        env = {"VERNIER_URL": site.url, "VERNIER_TOKEN": TOKEN, "VERNIER_BENCHMARK": "mmad"}
        done = run(tmp_path, "submit", "answers.csv", "--entry", "m", env=env)
    assert "\x1b" not in done.stdout + done.stderr


def test_a_token_in_the_clear_is_warned_of(tmp_path: Path) -> None:
    env = {"VERNIER_TOKEN": TOKEN, "VERNIER_BENCHMARK": "mmad", "VERNIER_URL": "http://vernier.invalid"}
    done = run(tmp_path, "list", "--patience", "0", env=env)
    assert "not https" in done.stderr
    assert done.returncode == 6


def test_no_option_takes_a_token(tmp_path: Path) -> None:
    for command in ("login", "submit", "list"):
        assert "--token" not in run(tmp_path, command, "--help").stdout
