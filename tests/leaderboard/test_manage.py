"""What manage.py says to somebody who runs it without the site's environment: a sentence, no traceback."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from leaderboard import env
from tests.servers.site import PROJECT, clean_environment


def said(*arguments: str, **settings: str) -> str:
    """What a command that must fail prints."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=clean_environment() | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr


def test_a_folder_that_is_not_the_sites_is_named(tmp_path: Path) -> None:
    text = said("create_team", "a", VERNIER_VAR=str(tmp_path / "fresh"))
    assert "Traceback" not in text
    assert f"{tmp_path}/fresh/vernier.sqlite3 says: no such table" in text
    assert "VERNIER_VAR" in text
    assert "Traceback" in said("create_team", "a", "--traceback", VERNIER_VAR=str(tmp_path / "fresh"))


def test_a_folder_that_the_user_may_not_read_is_named(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("root: somebody else has to ask")
    (tmp_path / "var").mkdir(mode=0o700)
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        with pytest.raises(ImproperlyConfigured, match=r"may not use .*/var/secret_key. Set VERNIER_VAR"):
            env.secret_key(tmp_path / "var", embedded=True)
    finally:
        os.seteuid(0)


def test_a_setting_that_cannot_be_is_named() -> None:
    text = said("migrate", VERNIER_DATABASE_URL="mysql://x/y", VERNIER_SECRET_KEY="x")
    assert "Traceback" not in text
    assert text.startswith("manage.py: VERNIER_")


@pytest.mark.parametrize(
    ("name", "value", "should"),
    [
        ("VERNIER_ANSWERS", "/srv/x", "must look like file:///folder or s3://bucket"),
        ("VERNIER_TRUTH", "s3://bucket/folder", "must look like file:///folder or s3://bucket"),
        ("VERNIER_TRUTH", "file://host/x", "must look like file:///folder or s3://bucket"),
        ("VERNIER_WEB_WORKERS", "many", "must be a whole number"),
    ],
)
def test_a_value_that_cannot_be_used_stops_the_start(
    name: str, value: str, should: str, tmp_path: Path
) -> None:
    text = said("serve", VERNIER_VAR=str(tmp_path / "var"), **{name: value})
    assert text == f"manage.py: {name}={value!r}: {should}.\n"


def test_a_database_that_is_away_is_named() -> None:
    settings = {"VERNIER_SECRET_KEY": "x", "VERNIER_EMAIL_URL": "file:///nowhere"}
    text = said("create_team", "a", VERNIER_DATABASE_URL="postgresql://x:y@127.0.0.1:1/site", **settings)
    assert "Traceback" not in text
    assert "the database site says: connection" in text
