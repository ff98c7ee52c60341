"""What an answer file said about each image of a release."""

import zlib
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from scoring.boxes import geometry
from scoring.boxes.geometry import Floats, Integers
from scoring.boxes.release import BoxRelease
from scoring.boxes.replies import READER_VERSION, RULES, Reading
from scoring.errors import PredictionError, Problem, ProblemLog

ABSENT, YES, NO = 255, 0, 1


@dataclass(frozen=True, eq=False)
class BoxSheet:
    """By image, in the release's order: the position in RULES of what was read, ABSENT where there is no record.

    `boxes` are those of all valid answers, in the images' canvases, one image after the other from `starts` on and
    sorted within. `reasoning` counts the characters of the reasoning text. `readings` counts the records by rule.
    """

    rules: NDArray[np.uint8]
    starts: Integers
    boxes: Floats
    reasoning: NDArray[np.uint32]
    readings: dict[str, int]
    format: str
    frame: str

    @property
    def present(self) -> NDArray[np.bool_]:
        """A flag per image: whether it has a record, valid or not."""
        found: NDArray[np.bool_] = self.rules != ABSENT
        return found

    @property
    def valid(self) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.rules <= NO
        return found

    def encode(self) -> bytes:
        """Everything, compressed: what a later release is scored from, instead of the file."""
        packed = _Packed(
            self.rules.tobytes(),
            np.diff(self.starts).astype(np.uint8).tobytes(),
            self.boxes.tobytes(),
            self.reasoning.tobytes(),
            dict(self.readings),
            self.format,
            self.frame,
            READER_VERSION,
        )
        return zlib.compress(msgspec.msgpack.encode(packed))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Take back what `encode` made. Raises ValueError when it is damaged, or was read by other rules."""
        try:
            packed = msgspec.msgpack.decode(zlib.decompress(data), type=_Packed)
        except (zlib.error, msgspec.MsgspecError) as error:
            raise ValueError("a damaged sheet") from error
        if packed.reader_version != READER_VERSION:
            raise ValueError(f"a sheet of reader {packed.reader_version}")
        return cls(
            rules=np.frombuffer(packed.rules, dtype=np.uint8),
            starts=starts_of(np.frombuffer(packed.counts, dtype=np.uint8)),
            boxes=np.frombuffer(packed.boxes).reshape(-1, 4),
            reasoning=np.frombuffer(packed.reasoning, dtype=np.uint32),
            readings=packed.readings,
            format=packed.format,
            frame=packed.frame,
        )


class _Packed(msgspec.Struct, array_like=True):
    rules: bytes
    counts: bytes
    boxes: bytes
    reasoning: bytes
    readings: dict[str, int]
    format: str
    frame: str
    reader_version: str


def starts_of(counts: NDArray[np.integer]) -> Integers:
    """Where each image's boxes begin, and where the last ones end, from how many there are of each."""
    return np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))


@dataclass
class BoxSheetWriter:
    """Fills a sheet record by record, and collects what is wrong in the order of the file."""

    release: BoxRelease
    frame: str
    problems: ProblemLog = field(default_factory=ProblemLog)
    records: int = 0

    def __post_init__(self) -> None:
        release, size = self.release, self.release.size
        self.extents = geometry.extents(self.frame, release.sizes, release.canvases).tolist()
        self._rules = np.full(size, ABSENT, dtype=np.uint8)
        self._lines = np.zeros(size, dtype=np.int64)
        self._numbers = [0] * size  # of the records, from 1
        self._reasoning = np.zeros(size, dtype=np.uint32)
        self._boxes = array("d")  # eight bytes a number, however many somebody sends
        self._images = array("q")  # of each box
        self._readings: Counter[str] = Counter()
        self._most_records = 2 * size + 10_000

    def count_record(self, line: int) -> None:
        """Note that a record begins; gives up on a file with far more records than images."""
        self.records += 1
        if self.records > self._most_records:
            self.problems.add(Problem("too-many-records", line, params={"images": self.release.size}))
            self.problems.raise_as(PredictionError)

    def take(self, position: int, reading: Reading, line: int) -> None:
        """Write one answer down; a second one for the same image is a problem."""
        if self._lines[position]:
            params: dict[str, str | int | float] = {
                "question_id": self.release.ids[position],
                "first_line": int(self._lines[position]),
            }
            if self.problems.record_number is not None:
                params["first_record"] = self._numbers[position]
            self.problems.add(Problem("duplicate-question", line, "image", params))
            return
        self._lines[position] = line
        self._numbers[position] = self.records
        self._readings[reading.rule] += 1
        self._rules[position] = RULES.index(reading.rule)
        self._reasoning[position] = reading.reasoning
        for box in reading.boxes:
            self._boxes.extend(box)
            self._images.append(position)

    def finish(self, format_name: str) -> BoxSheet:
        """The sheet; raises PredictionError when any record had a problem."""
        self.problems.raise_as(PredictionError)
        release = self.release
        image_of = (
            np.frombuffer(self._images, dtype=np.int64) if self._images else np.zeros(0, dtype=np.int64)
        )
        written = np.frombuffer(self._boxes).reshape(-1, 4) if self._images else np.zeros((0, 4))
        counts = np.bincount(image_of, minlength=release.size)
        starts, boxes = starts_of(counts), written[np.argsort(image_of, kind="stable")]
        factors = geometry.scales(self.frame, release.sizes, release.canvases)
        boxes *= np.tile(np.repeat(factors, counts, axis=0), 2)
        return BoxSheet(
            self._rules,
            starts,
            geometry.in_order(boxes, starts),
            self._reasoning,
            dict(self._readings),
            format_name,
            self.frame,
        )
