"""Files of any size, sent piece by piece."""

import gzip
import hashlib
from pathlib import Path

import pytest

from tests.client.process import run
from tests.client.scripted import Answer, Cut, serving, submission
from vernier import files
from vernier.voice import Voice

ENV = {"VERNIER_TOKEN": "vrn_x", "VERNIER_BENCHMARK": "mmad", "VERNIER_ENTRY": "my model"}
TAKEN = Answer(submission("queued"), 202)
GIB = 1024**3
SEVENTY_MIB = 70 * 1024 * 1024


def large(path: Path, head: bytes) -> Path:
    """A file that is larger than a site takes."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(SEVENTY_MIB)
    return path


def test_a_large_text_is_compressed_and_alike_at_every_try(tmp_path: Path) -> None:
    path = large(tmp_path / "answers.csv", b"question_id,answer\n")
    with serving(Cut(), TAKEN) as site:
        done = run(tmp_path, "submit", path.name, env=ENV | {"VERNIER_URL": site.url})
    assert done.returncode == 0, done.stderr
    first, second = site.asked
    assert first.digest == second.digest
    assert hashlib.sha256(gzip.decompress(second.file)).digest() == hashlib.sha256(path.read_bytes()).digest()


@pytest.mark.parametrize("head", [b"\x1f\x8b\x08", b"PK\x03\x04", b"PAR1"], ids=["gzip", "xlsx", "parquet"])
def test_what_is_compressed_already_is_sent_as_it_is(head: bytes, tmp_path: Path) -> None:
    path = large(tmp_path / "answers", head)
    with files.sendable(path, Voice(as_json=True, verbose=False)) as sent:
        assert sent == path


def test_no_file_is_held_in_memory(tmp_path: Path) -> None:
    path = large(tmp_path / "answers.gz", b"\x1f\x8b")
    with path.open("r+b") as file:
        file.truncate(GIB)
    half = ("sh", "-c", f'ulimit -v {GIB // 2 // 1024}; exec "$@"', "sh")
    with serving(Cut(after=GIB - 1024**2)) as site:
        env = ENV | {"VERNIER_URL": site.url}
        done = run(tmp_path, "submit", path.name, "--patience", "0", env=env, wrap=half)
    assert done.returncode == 6, done.stderr
    assert site.asked[0].length > GIB


def test_a_file_that_is_not_there_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    with serving(TAKEN) as site:
        done = run(tmp_path, "submit", "none.csv", env=ENV | {"VERNIER_URL": site.url})
    assert done.returncode == 2
    assert not site.asked
