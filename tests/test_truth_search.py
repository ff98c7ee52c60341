"""The search for truth finds a planted leak however it is written, and nothing where there is none."""

import base64
import csv
import gzip
import io
import json
import random
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests import material
from tests.truth_search import RUN, TruthSearch

TRUTH = material.truth(material.questions(10, seed=99))
SEARCH = TruthSearch(TRUTH)
PART = dict(list(TRUTH.items())[101 : 101 + RUN + 5])
LETTERS = list(PART.values())
CODES = [ord(letter) - ord("A") for letter in LETTERS]
PACKED = sum(code << 2 * place for place, code in enumerate(CODES)).to_bytes(len(CODES) // 4 + 1, "little")


def table() -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(PART.items())
    return text.getvalue().encode()


ENCODINGS: dict[str, Callable[[], bytes]] = {
    "concatenated": lambda: "".join(LETTERS).encode(),
    "small letters": lambda: "".join(LETTERS).lower().encode(),
    "lines": lambda: "\n".join(LETTERS).encode(),
    "commas": lambda: ", ".join(LETTERS).encode(),
    "quotes": lambda: repr(LETTERS).encode(),
    "JSON list": lambda: json.dumps(LETTERS).encode(),
    "JSON by id": lambda: json.dumps(PART, indent=1).encode(),
    "JSON records": lambda: json.dumps(
        [{"question_id": name, "text": "Which?", "answer": letter} for name, letter in PART.items()]
    ).encode(),
    "JSON records with options": lambda: json.dumps(
        [{"options": {"A": "one", "B": "two"}, "Answer": letter, "id": name} for name, letter in PART.items()]
    ).encode(),
    "HTML cells": lambda: "".join(
        f"<tr><td>{name}</td><td>{c}</td></tr>" for name, c in PART.items()
    ).encode(),
    "HTML cells alone": lambda: "".join(f"<td>{letter}</td>" for letter in LETTERS).encode(),
    "id,letter lines": table,
    "id and letter without anything between": lambda: "\0".join(f"{n}{c}" for n, c in PART.items()).encode(),
    "backwards": lambda: "".join(reversed(LETTERS)).encode(),
    "index bytes": lambda: bytes(CODES),
    "index bytes from one": lambda: bytes(code + 1 for code in CODES),
    "digits": lambda: "".join(map(str, CODES)).encode(),
    "JSON ints": lambda: json.dumps(CODES).encode(),
    "JSON ints from one": lambda: json.dumps([code + 1 for code in CODES]).encode(),
    "int16": lambda: np.array(CODES, dtype=np.int16).tobytes(),
    "int64, big end first": lambda: np.array(CODES, dtype=">i8").tobytes(),
    "two bits each": lambda: PACKED,
    "gzip": lambda: gzip.compress(table()),
    "zlib": lambda: b"head" + zlib.compress(bytes(CODES)),
    "base64": lambda: base64.b64encode(table()),
    "base64 in JSON": lambda: json.dumps(
        {"body": base64.b64encode(json.dumps(CODES).encode()).decode()}
    ).encode(),
    "hex": lambda: bytes(CODES).hex().encode(),
    "hex behind another digit": lambda: b"f" + bytes(CODES).hex().encode(),
    "hex of two bits each": lambda: PACKED.hex().encode(),
    "bytes as Python prints them": lambda: repr(bytes(CODES)).encode(),
    "bytes as JSON has them": lambda: json.dumps(bytes(CODES).decode("latin-1")).encode(),
    "numpy as it prints itself": lambda: repr(np.array(CODES, dtype=np.uint8)).encode(),
    "numpy's letters": lambda: np.array(LETTERS).tobytes(),
    "msgpack": lambda: msgspec.msgpack.encode({"truth": CODES}),
    "gzip within something": lambda: b"head" + gzip.compress(table()) + b"tail",
    "two gzips": lambda: gzip.compress(b"something") + gzip.compress(table()),
    "gzip that was cut off": lambda: gzip.compress(table())[:-12],
    "gzip of base64": lambda: gzip.compress(base64.b64encode(bytes(CODES))),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_planted_leak_is_found(encoding: str) -> None:
    noise = random.Random(5).randbytes(1000)
    leaks = SEARCH.in_bytes("here", ENCODINGS[encoding]())
    assert leaks
    assert all(leak.place == "here" for leak in leaks)
    if "zip" not in encoding:
        assert SEARCH.in_bytes("here", noise + b"\n" + ENCODINGS[encoding]() + b"\n" + noise)


def test_a_leak_by_id_is_found_in_the_order_of_the_ids() -> None:
    part = sorted(TRUTH.items())[50:90]
    assert SEARCH.in_bytes("here", "".join(letter for _id, letter in part).encode())


def test_a_column_of_a_table_is_searched() -> None:
    assert SEARCH.in_values("here", LETTERS)
    assert SEARCH.in_values("here", CODES)
    assert SEARCH.in_values("here", [letter.encode() for letter in LETTERS])
    assert not SEARCH.in_values("here", LETTERS[: RUN - 1])


def test_the_pages_of_a_database_file_are_searched(tmp_path: Path) -> None:
    path = tmp_path / "leak.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE truth (id INTEGER PRIMARY KEY, question TEXT, answer TEXT)")
        database.executemany("INSERT INTO truth (question, answer) VALUES (?, ?)", TRUTH.items())
    database.close()
    assert SEARCH.in_bytes("file", path.read_bytes())


def test_shorter_runs_and_other_answers_are_no_leak() -> None:
    letters = list(TRUTH.values())
    wrong = {"A": "B", "B": "A", "C": "D", "D": "C"}
    for place in range(0, len(letters), RUN - 1):
        letters[place] = wrong[letters[place]]
    lines = "\n".join(f"{name},{letter}" for name, letter in zip(TRUTH, letters, strict=True))
    assert not SEARCH.in_bytes("here", lines.encode())
    assert not SEARCH.in_bytes("here", "".join(letters).encode())
    other = material.truth(material.questions(10, seed=100))
    assert not SEARCH.in_bytes("here", "".join(other.values()).encode())
    assert not SEARCH.in_bytes("here", json.dumps(other).encode())
    assert not SEARCH.in_bytes("here", random.Random(6).randbytes(20_000))
