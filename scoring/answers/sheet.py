"""What an answer file said about each question of a release."""

import zlib
from collections import Counter
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from scoring import replies
from scoring.errors import PredictionError, Problem, ProblemLog
from scoring.release import Release

UNREAD = 255


@dataclass(frozen=True)
class Sheet:
    """One code per question, in the release's order: the option's position, or UNREAD.

    `present` marks the questions that have a record; an unread one may be present. `readings` counts
    the records by the reader's rule.
    """

    codes: NDArray[np.uint8]
    present: NDArray[np.bool_]
    readings: dict[str, int]
    format: str

    def encode(self) -> bytes:
        """Everything, compressed: what a later release is scored from, instead of the file."""
        return zlib.compress(
            msgspec.msgpack.encode(
                _Packed(
                    self.codes.tobytes(),
                    np.packbits(self.present).tobytes(),
                    dict(self.readings),
                    self.format,
                    replies.READER_VERSION,
                )
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Take back what `encode` made. Raises ValueError when it is damaged, or was read by other rules."""
        try:
            packed = msgspec.msgpack.decode(zlib.decompress(data), type=_Packed)
        except (zlib.error, msgspec.MsgspecError) as error:
            raise ValueError("a damaged sheet") from error
        if packed.reader_version != replies.READER_VERSION:
            raise ValueError(f"a sheet of reader {packed.reader_version}")
        codes = np.frombuffer(packed.codes, dtype=np.uint8)
        bits = np.frombuffer(packed.present, dtype=np.uint8)
        present = np.unpackbits(bits, count=len(codes)).astype(np.bool_)
        return cls(codes, present, packed.readings, packed.format)


class _Packed(msgspec.Struct, array_like=True):
    codes: bytes
    present: bytes
    readings: dict[str, int]
    format: str
    reader_version: str


def empty_codes(size: int) -> NDArray[np.uint8]:
    return np.full(size, UNREAD, dtype=np.uint8)


def most_records(release: Release) -> int:
    """A file with more records than this is read no further."""
    return 2 * release.size + 10_000


@dataclass
class SheetWriter:
    """Fills a sheet record by record, and collects what is wrong in the order of the file."""

    release: Release
    problems: ProblemLog = field(default_factory=ProblemLog)
    records: int = 0
    # The source and the reply's hash of records that a harness may write several times; `asked.take` says when.
    said: dict[int, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._codes = empty_codes(self.release.size)
        self._lines = np.zeros(self.release.size, dtype=np.int64)
        self._numbers = [0] * self.release.size  # of the records, from 1
        self._images: dict[str, str | None] = {}
        self._readings: Counter[str] = Counter()
        self._most_records = most_records(self.release)

    def count_record(self, line: int) -> None:
        """Note that a record begins; gives up on a file with far more records than questions."""
        self.records += 1
        if self.records > self._most_records:
            self.problems.add(Problem("too-many-records", line, params={"questions": self.release.size}))
            self.problems.raise_as(PredictionError)

    def find_image(self, path: str) -> str | None:
        """The release's image that a path means; a file names each several times."""
        if path not in self._images:
            self._images[path] = self.release.lookup.find_image(path)
        return self._images[path]

    def is_taken(self, position: int) -> bool:
        return bool(self._lines[position])

    def take(self, position: int, reading: replies.Reading, line: int, *, field_name: str) -> None:
        """Write one answer down; a second one for the same question is a problem."""
        if self._lines[position]:
            params: dict[str, str | int | float] = {
                "question_id": self.release.ids[position],
                "first_line": int(self._lines[position]),
            }
            if self.problems.record_number is not None:
                params["first_record"] = self._numbers[position]
            self.problems.add(Problem("duplicate-question", line, field_name, params))
            return
        self._lines[position] = line
        self._numbers[position] = self.records
        self._readings[reading.rule] += 1
        if reading.letter is not None:
            self._codes[position] = ascii_uppercase.index(reading.letter)

    def finish(self, format_name: str) -> Sheet:
        """The sheet; raises PredictionError when any record had a problem."""
        self.problems.raise_as(PredictionError)
        return Sheet(self._codes, self._lines > 0, dict(self._readings), format_name)
