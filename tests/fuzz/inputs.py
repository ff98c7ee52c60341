"""Inputs for the readers: real shapes of answer files, spoilt in ways that people and programs spoil files.

Hypothesis searches for small counter-examples, at milliseconds an example. Here a million inputs have to be made and
read in minutes, and made again from two numbers on any machine: mutations drawn by hand from a seeded generator do that
at a tenth of the cost. They start from good files, since noise alone never comes past the recognition of formats.
"""

import csv
import gzip
import io
import json
import random
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Literal, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from scoring.lookup import native_text
from scoring.release import Release
from tests.scoring import workbooks

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Records = list[dict[str, Any]]

BOM = b"\xef\xbb\xbf"
LONGEST = 256 * 1024
# Of a hundred inputs: nothing but noise, nothing but words of formats.
NOISE, BABBLE = 0.02, 0.05
# Each Parquet file costs a process of its own: of a hundred thousand inputs.
PARQUET = 100 / 100_000

REPLIES = (
    "A", "B", "C", "D", "A", "B", "C", "D", "b", "(C)", "**D**", "Answer: B", "The answer is (A).", "\\boxed{C}",
    "<answer>B</answer>", "Yes.", "No.", "yes, there is", "A or B", "", None, "E", "none of them",
)  # fmt: skip

# What stands in the place of a token, or between two.
TOKENS: tuple[bytes, ...] = (
    b'"', b'""', b"'", b"[", b"]", b"{", b"}", b",", b":", b";", b"\t", b"\\", b"\\\\", b"\\u", b"null", b"true",
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-0", b"1e-999", b"0.1", b"-", b"7" * 41, b"9" * 5000, b"1" * 40,
    b"\\u0000", b"\\\\u0000", b"\\ud800", b"\\udc00\\ud800", b"\\ud83d\\ude00", b"\\u202e", b"\\u2028", b"\\u0007",
    "\u202e".encode(), "\u2066".encode(), "\u200b".encode(), "\u061c".encode(), "\u2028".encode(), "\x85".encode(),
    "\xa0".encode(), "\u3000".encode(), "\uff21".encode(), "\uff13".encode(), "\u0663".encode(), "\u0131".encode(),
    "\u212a".encode(), "\u017f".encode(), "\u1e9e".encode(), "\U0001f600".encode(), "\U0010ffff".encode(),
    "\uff1a".encode(), b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x80", b"\x80",
    b"\0", b"\r", b"\n", b"\r\n", b"\n\n", b"\x0b", b"\x0c", b"\x1c", b"\x1f", b"\x7f", b" ", b"   ",
    BOM, b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b", b"\x1f\x8b\x08\0", b"PK\x03\x04", b"\x89PNG", b"\x80\x04",
    b"[" * 2000, b'{"a":' * 2000, b"]" * 50, b"[" * 40 + b"]" * 40, b"," * 300, b'"a":1,"a":1',
    b'"question_id"', b'"answer"', b'"image"', b'"question"', b'"gpt_answer"', b'"options"', b'"text"',
    b'"question_id": "x",', b'"answer": "A", ', b"question_id,answer\n", b"question_id;answer\n", b'},{"image"',
    b'"prediction"', b'"index"', b'"doc"', b'"resps"', b'"filtered_resps"', b'"sample_id"', b'"mslm_answer"',
    b'"output"',
    b'"filter": "x",', b'"choices": ["x"],', b"index\tquestion\tprediction\n", b"<c>", b"</c>", b"<v>9</v>", b"<row/>",
    b"<f/>", b'r="XFD1"', b'r="1048577"', b't="s"', b"<!DOCTYPE x>", b"&#0;", b"_x0000_",
    b'}\n{"question_id"', b"{},", b"[],", b"A. x\nB. y\n", b"A.", b"\nB)", b"Question:", b"Question 3: ", b"#0",
)  # fmt: skip

# What stands in the place of a value.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**39, 10**50, 1.5, float("nan"), float("inf"), float("-inf"), 1e308, "", " ", "A",
    "\0", "\ud800", "\udfff\ud800", "\u202eabc", "\u2028", "\ufeff", "\x85", "\\u0000", "x" * 300, "y" * 20_001,
    "\U0001f600" * 201, [], {}, [[]], {"A": "x"}, ["A"], {"a": {"b": {"c": []}}}, {"text": "x"},
    {"text": 1, "options": []}, {"text": "x", "options": {"A": "x", "a": "y"}}, {"(A)": "x", "B.": "y"},
    {"A": "x", "C": "y"}, {"Z": ""}, {"\u0131": "x"}, {"": ""}, "Question", "Question: \nA. x\nB. y", "A.\nA.\nB.",
    " \u3000A\x0b.\nB:", "..", "/", "a//b\\..\\c.PNG", ".png",
)  # fmt: skip


class Input(NamedTuple):
    """What is read, and how it is asked to be read."""

    data: bytes
    partial: tuple[str, ...]


class Inputs:
    """The inputs of a seed: each is a function of seed and number alone."""

    def __init__(self, release: Release, seed: int) -> None:
        self._seed = seed
        self._release = release
        self._subtasks = release.definition.subtask_slugs
        self._shapes = _Shapes(release)
        chance = random.Random(seed)
        self._whole = [write(chance, make(chance)) for make, write in self._shapes.pairs() for _ in range(6)]

    def make(self, number: int) -> Input:
        """The input of this number."""
        chance = random.Random(f"{self._seed}/{number}")
        partial = tuple(chance.sample(self._subtasks, chance.randint(1, 3))) if chance.random() < 0.1 else ()
        return Input(self._data(chance)[:LONGEST], partial)

    def _data(self, chance: random.Random) -> bytes:
        kind = chance.random()
        if kind < NOISE:
            return chance.randbytes(chance.randint(0, 400))
        if kind < NOISE + BABBLE:
            return b"".join(chance.choices(TOKENS, k=chance.randint(1, 30)))
        if kind < NOISE + BABBLE + PARQUET:
            return self._spoil_footer(as_parquet(chance, self._shapes.plain(chance)), chance)
        if kind < 0.5:
            data = chance.choice(self._whole)
        else:
            make, write = chance.choice(self._shapes.pairs())
            records = make(chance)
            for _ in range(chance.choice((0, 1, 1, 1, 2, 5))):
                chance.choice(_CHANGES)(records, chance)
            data = write(chance, records)
        for _ in range(chance.choice((0, 0, 1, 1, 1, 2, 3, 8))):
            data = self._spoil(data, chance)
        if chance.random() < 0.1:
            data = as_part(chance, data)
        data = _dress(data, chance)
        return self._spoil(data, chance) if chance.random() < 0.1 else data

    def _spoil_footer(self, data: bytes, chance: random.Random) -> bytes:
        """Where Parquet says what it holds, at its end; there damage goes unseen the longest."""
        footer = int.from_bytes(data[-8:-4], "little")
        pages, said = data[: -8 - footer], data[-8 - footer : -8]
        for _ in range(chance.choice((0, 1, 2, 5))):
            said = chance.choice((_flip, _flip, _insert, _remove))(said, chance)
        if chance.random() < 0.3:
            pages = pages[:4] + _flip(pages[4:], chance)
        return pages + said + len(said).to_bytes(4, "little") + data[-4:]

    def _spoil(self, data: bytes, chance: random.Random) -> bytes:
        if chance.random() < 0.05:
            return _splice(data, chance.choice(self._whole), chance)
        return chance.choice(_SPOILERS)(data, chance)


class _Shapes:
    """Good answers to a release's questions, and the ways to write them."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._texts = list(map(native_text, release.texts, release.options))

    def pairs(self) -> Sequence[tuple[Callable[[random.Random], Records], Callable[..., bytes]]]:
        """Each maker of records with a writer that suits it."""
        plain, native = (as_csv, as_csv, as_list, as_lines), (as_list, as_list, as_lines)
        return [
            *((self.plain, write) for write in (*plain, as_table, as_workbook)),
            *((self.native, write) for write in native),
            *((self.vlmevalkit, write) for write in (as_table, as_list, as_workbook)),
            *((make, as_lines) for make in (self.samples, self.every_eval_ever)),
            (self.robustmad, as_list),
        ]

    def plain(self, chance: random.Random) -> Records:
        answers = self._answers(chance)
        return [{"question_id": name, "answer": answers(at)} for at, name in enumerate(self._release.ids)]

    def native(self, chance: random.Random) -> Records:
        answers = self._answers(chance)
        ask = chance.choice((self._as_dict, self._as_dict, self._as_text, self._shuffled))
        return [
            {
                "image": image,
                **ask(at, chance),
                "question_type": self._release.kinds[at],
                "correct_answer": "A",
                "gpt_answer": answers(at),
            }
            for at, image in enumerate(self._release.images)
        ]

    def vlmevalkit(self, chance: random.Random) -> Records:
        """With the questions' ids or without."""
        answers, ids = self._answers(chance), chance.random() < 0.5
        return [
            {
                "index": at,
                **({"question_id": name} if ids else {}),
                "question": self._release.texts[at],
                **self._letters(at),
                "image_path": f"/data/{self._release.images[at]}",
                "category": self._release.kinds[at],
                "prediction": answers(at),
            }
            for at, name in enumerate(self._release.ids)
        ]

    def _letters(self, at: int) -> dict[str, Any]:
        options = self._release.options[at]
        return {letter: (*options, *[float("nan")] * 4)[place] for place, letter in enumerate("ABCD")}

    def samples(self, chance: random.Random) -> Records:
        """Of lm-evaluation-harness, or without `doc`, of lmms-eval."""
        answers, has_doc = self._answers(chance), chance.random() < 0.5
        records = []
        for at, name in enumerate(self._release.ids):
            about = {"question_id": name, "image": self._release.images[at], **self._shuffled(at, chance)}
            reply = answers(at) or ""
            filtered = {"filtered_resps": [reply], "target": ""}
            if has_doc:
                records.append({"doc_id": at, "doc": about, "resps": [[reply]], "filter": "none", **filtered})
            else:
                records.append({"doc_id": at, "input": "?", "mmad": {"question_id": name}, **filtered})
        return records

    def every_eval_ever(self, chance: random.Random) -> Records:
        answers = self._answers(chance)
        return [
            {
                "evaluation_id": "mmad/m/1",
                "evaluation_name": "mmad",
                "sample_id": name,
                "input": {"raw": self._texts[at], "choices": list(self._release.options[at])},
                "output": {"raw": [answers(at) or ""]},
                "answer_attribution": [{"extracted_value": "A", "is_terminal": True}],
            }
            for at, name in enumerate(self._release.ids)
        ]

    def robustmad(self, chance: random.Random) -> Records:
        answers = self._answers(chance)
        return [
            {
                "image_path": image,
                "question_id": at + 1,
                "question": self._release.texts[at],
                "mslm_answer": answers(at),
                "raw_response": answers(at),
            }
            for at, image in enumerate(self._release.images)
        ]

    def _answers(self, chance: random.Random) -> Callable[[int], str | None]:
        if chance.random() < 0.6:
            return lambda at: "ABCD"[chance.randrange(len(self._release.options[at]))]
        return lambda at: chance.choice((*REPLIES, *self._release.options[at]))

    def _as_dict(self, at: int, _chance: random.Random) -> dict[str, Any]:
        return {"question": {"type": "text", "text": self._texts[at]}}

    def _as_text(self, at: int, _chance: random.Random) -> dict[str, Any]:
        return {"question": self._texts[at]}

    def _shuffled(self, at: int, chance: random.Random) -> dict[str, Any]:
        options = list(self._release.options[at])
        chance.shuffle(options)
        shown = dict(zip("ABCDEFGH", options, strict=False))
        if chance.random() < 0.5:
            return {"question": {"text": self._release.texts[at], "options": shown}}
        return {"question": self._release.texts[at], "options": shown}


def as_list(chance: random.Random, records: Records) -> bytes:
    indent = chance.choice((None, None, 0, 4))
    return _encoded(json.dumps(records, indent=indent, ensure_ascii=chance.random() < 0.5))


def as_lines(chance: random.Random, records: Records) -> bytes:
    as_ascii = chance.random() < 0.5
    return _encoded("".join(json.dumps(record, ensure_ascii=as_ascii) + "\n" for record in records))


def as_csv(chance: random.Random, records: Records) -> bytes:
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=chance.choice(",,,,,;\t"),
        quoting=chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
        lineterminator=chance.choice(("\n", "\n", "\r\n", "\r")),
        escapechar="\\",
    )
    writer.writerow(["question_id", "answer"])
    writer.writerows(record.values() for record in records)
    return _encoded(text.getvalue())


def as_table(chance: random.Random, records: Records) -> bytes:
    """Every field quoted, as pandas does it for VLMEvalKit, or as few as can be."""
    text = io.StringIO()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if chance.random() < 0.5 else csv.QUOTE_MINIMAL
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.DictWriter(
        text, names, delimiter=chance.choice("\t\t,;"), quoting=quoting, lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in record.items()} for record in records)
    return _encoded(text.getvalue())


def as_workbook(chance: random.Random, records: Records) -> bytes:
    names = list(dict.fromkeys(name for record in records for name in record))
    rows = [names, *([_cell(record.get(name)) for name in names] for record in records)]
    write = chance.choice((workbooks.inline, workbooks.shared))
    return write([[_NO_XML.sub("?", str(cell)) for cell in row] for row in rows])


def as_part(chance: random.Random, data: bytes) -> bytes:
    """Something in the place of a workbook's part."""
    name = chance.choice(
        ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "_rels/.rels")
    )
    return workbooks.with_part(workbooks.inline([["question_id", "answer"], ["x", "A"]]), name, data)


def as_parquet(_chance: random.Random, records: Records) -> bytes:
    written = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(records), written)
    return written.getvalue()


def _cell(value: Any) -> Any:
    return "" if value is None or value != value else value


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _dress(data: bytes, chance: random.Random) -> bytes:
    """The same content as other programs would save it."""
    kind = chance.random()
    if kind < 0.05:
        return BOM + data
    if kind < 0.10:
        return data.replace(b"\n", b"\r\n")
    if kind < 0.20:
        return gzip.compress(data, 1, mtime=0)
    if kind < 0.25:
        cut = chance.randint(0, len(data))
        return gzip.compress(data[:cut], 1, mtime=0) + gzip.compress(data[cut:], 1, mtime=0)
    if kind < 0.26:
        return gzip.compress(gzip.compress(data, 1, mtime=0), 1, mtime=0)
    if kind < 0.27:
        return data.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-16-le", "utf-32")))
    return data


# One record, or several


def _value(chance: random.Random) -> Any:
    """One of its own: a later change goes into it, and the next input must not see that."""
    return deepcopy(chance.choice(VALUES))


def _wrong_value(records: Records, chance: random.Random) -> None:
    record = _one(records, chance)
    if record:
        record[chance.choice(list(record))] = _value(chance)


def _wrong_part(records: Records, chance: random.Random) -> None:
    inner = _one(records, chance).get(chance.choice(("question", "options")))
    if isinstance(inner, dict) and inner:
        inner[chance.choice([*inner, "options", "Z", "b"])] = _value(chance)


def _other_key(records: Records, chance: random.Random) -> None:
    record = _one(records, chance)
    if record:
        record[chance.choice(("x", "\u202e", "\0", "\ud800", "answer ", "k" * 300))] = record.pop(
            chance.choice(list(record))
        )


def _more_keys(records: Records, chance: random.Random) -> None:
    name = chance.choice(("id", "options", "answer", "question_id", "\u202e", "\x85", "", "a\0", "n" * 201))
    value = _value(chance)
    for record in records if chance.random() < 0.3 else [_one(records, chance)]:
        record[name] = value


def _repeated(records: Records, chance: random.Random) -> None:
    records.insert(chance.randint(0, len(records)), dict(_one(records, chance)))


def _lacking(records: Records, chance: random.Random) -> None:
    if records:
        del records[chance.randrange(len(records))]


def _mixed(records: Records, chance: random.Random) -> None:
    chance.shuffle(records)


def _outside(records: Records, chance: random.Random) -> None:
    record = _one(records, chance)
    record["gpt_answer" if "gpt_answer" in record else "answer"] = chance.choice("CDEFZz")


def _unknown(records: Records, chance: random.Random) -> None:
    record = _one(records, chance)
    for name in ("question_id", "image", "question"):
        if isinstance(value := record.get(name), str):
            record[name] = chance.choice(
                (value.upper(), value + " ", f"/x/{value}", value[:-1], value * 2, "\n")
            )
            break


def _one(records: Records, chance: random.Random) -> dict[str, Any]:
    return chance.choice(records) if records else {}


_CHANGES = (
    _wrong_value, _wrong_value, _wrong_part, _other_key, _more_keys, _repeated, _lacking, _mixed, _outside, _unknown,
)  # fmt: skip


# Bytes


def _flip(data: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5)) if data else 0):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.randbytes(chance.choice((1, 1, 2, 20))) + data[at:]


def _put_token(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(TOKENS) + data[at:]


def _swap_token(data: bytes, chance: random.Random) -> bytes:
    """A token of the dictionary in the place of one that the file has."""
    old = chance.choice(
        (b'"', b",", b":", b"\n", b"{", b"}", b"[", b"]", b"A", b"answer", b"question_id", b"/")
    )
    found = data.find(old, chance.randint(0, len(data)))
    if found < 0:
        return data
    return data[:found] + chance.choice(TOKENS) + data[found + len(old) :]


def _replace_all(data: bytes, chance: random.Random) -> bytes:
    old = chance.choice((b'"', b",", b"\n", b" ", b": ", b"A", b"answer", b"}", b"\r\n"))
    new = chance.choice((b"", b" ", b"\n", b"\r\n", b"\t", b"\0", b"\x85", b"'", b";", b"\xe2\x80\xa8", BOM))
    return data.replace(old, new)


def _remove(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + data[at + chance.choice((1, 1, 2, 30, 1000)) :]


def _cut_off(data: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] if chance.random() < 0.8 else data[at:]


def _double(data: bytes, chance: random.Random) -> bytes:
    start = chance.randint(0, len(data))
    block = data[start : start + chance.choice((1, 10, 100, 3000))]
    at = chance.randint(0, len(data))
    return data[:at] + block * chance.choice((1, 1, 2, 30)) + data[at:]


def _append(data: bytes, chance: random.Random) -> bytes:
    return data + chance.choice((data, b"\0" * 8, b"\n", b"]", b" ", chance.choice(TOKENS)))


def _splice(data: bytes, other: bytes, chance: random.Random) -> bytes:
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


_SPOILERS = (
    _flip, _insert, _put_token, _put_token, _swap_token, _swap_token, _replace_all, _remove, _cut_off, _double, _append,
)  # fmt: skip
