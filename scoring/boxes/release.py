"""One immutable version of a benchmark's images, with what is anomalous in them."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from scoring.boxes.geometry import Floats, Integers, in_order
from scoring.boxes.layout import Layout
from scoring.boxes.outcomes import BoxOutcomes
from scoring.definition import Definition
from scoring.errors import Problem, ReleaseError
from scoring.lookup import Lookup

MAGIC = b"VERNIER-BOXES-1\n"
_DIGEST_SIZE = hashlib.sha256().digest_size
MOST_BOXES = 250  # of an image: counts of them are kept in a byte
QUESTION = "Is there any anomaly in this image? If so, where? Give a box for each."


@dataclass(frozen=True, eq=False, repr=False)
class BoxRelease:
    """Images as columns, in the order of the organizer's files; an image is its own question.

    `source_datasets` holds positions in the definition's list, `categories` names that mean something within a source
    dataset. `sizes` are in pixels, 0 where they are not known, `canvases` those with the short edge 448. `boxes`, and
    with them `labels`, are those of all images, one image after the other from `starts` on, in the canvases. An image
    may be anomalous without a box: nobody has said where, so it counts for detection alone. What is `anomalous` and
    the boxes are truth and never leave the worker. Of the `excluded` images answer files may speak, but no figure
    counts them.
    """

    definition: Definition
    ids: Sequence[str]
    source_datasets: NDArray[np.uint8]
    categories: Sequence[str]
    sizes: Floats
    canvases: Floats
    anomalous: NDArray[np.bool_]
    starts: Integers
    boxes: Floats
    labels: Sequence[str]
    excluded: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<BoxRelease of {self.definition.slug}, {self.size} images>"

    @property
    def size(self) -> int:
        return len(self.ids)

    @property
    def images(self) -> Sequence[str]:
        return self.ids

    def excluding(self, ids: Iterable[str]) -> "BoxRelease":
        """The same images with exactly those of these ids excluded that it has; other ids mean nothing here."""
        excluded = frozenset(ids) & frozenset(self.ids)
        return self if excluded == self.excluded else replace(self, excluded=excluded)

    def without_truth(self) -> "BoxRelease":
        """What the public knows of the images, enough to check an answer file; it has another digest."""
        return replace(
            self,
            anomalous=np.zeros(self.size, dtype=np.bool_),
            starts=np.zeros(self.size + 1, dtype=np.int64),
            boxes=np.zeros((0, 4)),
            labels=(),
        )

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """A flag per image: whether figures count it."""
        return np.array([image not in self.excluded for image in self.ids], dtype=np.bool_)

    @cached_property
    def true_counts(self) -> Integers:
        """How many boxes each image has."""
        return np.diff(self.starts)

    @cached_property
    def located(self) -> NDArray[np.bool_]:
        """A flag per image: whether it is known where it is anomalous, nowhere or in its boxes."""
        found: NDArray[np.bool_] = ~self.anomalous | (self.true_counts > 0)
        return found

    @cached_property
    def ordered_boxes(self) -> Floats:
        """The true boxes as they are compared."""
        return in_order(self.boxes, self.starts)

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 of images, truth and scoring rules; the order of images and of their boxes plays no part."""
        sha256 = hashlib.sha256(msgspec.json.encode(self.definition.scoring_rules))
        for position in sorted(range(self.size), key=self.ids.__getitem__):
            sha256.update(msgspec.json.encode(self._row(position)))
            sha256.update(b"\n")
        return sha256.hexdigest()

    def _row(self, position: int) -> tuple[Any, ...]:
        its = range(int(self.starts[position]), int(self.starts[position + 1]))
        return (
            self.ids[position],
            self.definition.source_datasets[self.source_datasets[position]],
            self.categories[position],
            self.sizes[position].tolist(),
            self.canvases[position].tolist(),
            bool(self.anomalous[position]),
            sorted((self.boxes[at].tolist(), self.labels[at]) for at in its),
            *(("excluded",) if self.ids[position] in self.excluded else ()),
        )

    @cached_property
    def lookup(self) -> Lookup:
        return Lookup(ids=self.ids, images=self.ids, kinds=(), texts=(), options=(), raw_type_of={})

    @cached_property
    def category_names(self) -> Sequence[tuple[int, str]]:
        """Every category: the position of its source dataset, and its name."""
        return sorted(set(zip(self.source_datasets.tolist(), self.categories, strict=True)))

    @cached_property
    def layout(self) -> Layout:
        number_of = {name: number for number, name in enumerate(self.category_names)}
        pairs = zip(self.source_datasets.tolist(), self.categories, strict=True)
        return Layout.lay_out(
            definition=self.definition,
            datasets=[dataset for dataset, _name in self.category_names],
            categories=np.array([number_of[pair] for pair in pairs], dtype=np.int64),
            ids=self.ids,
            anomalous=self.anomalous,
            true_counts=self.true_counts,
            located=self.located,
            counted=self.counted,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that entries are ranked by: "overall", the subtasks, the source datasets."""
        return tuple(name for name in self.layout.ranked.names if "/" not in name)

    def new_outcomes(self) -> BoxOutcomes[Any]:
        """An empty store of submissions' outcomes, for a board."""
        return BoxOutcomes(self.layout)

    @cached_property
    def _redefined(self) -> list["BoxRelease"]:
        """The release under the last other definition that it was asked for, with the tables it has built."""
        return []

    def under(self, definition: Definition) -> "BoxRelease":
        """The same images by another definition of their benchmark, such as a later one.

        Raises ReleaseError when it is none of boxes or lacks a source dataset: that takes another import.
        """
        for release in (self, *self._redefined):
            if release.definition == definition:
                return release
        names = [self.definition.source_datasets[at] for at in sorted(set(self.source_datasets.tolist()))]
        if definition.kind != "boxes" or not set(names) <= set(definition.source_datasets):
            reason = "by it images are of another source dataset than in the release"
            raise ReleaseError.single(Problem("wrong-definition", params={"reason": reason}))
        moves = [
            definition.source_datasets.index(name) if name in names else 0
            for name in self.definition.source_datasets
        ]
        moved = np.array(moves, dtype=np.uint8)[self.source_datasets]
        release = replace(self, definition=definition, source_datasets=moved)
        self._redefined[:] = [release]
        return release

    def public_questions(self) -> Iterator[dict[str, Any]]:
        """The images without what is anomalous in them, by the names that questions have."""
        definition = self.definition
        for position, image in enumerate(self.ids):
            yield {
                "question_id": image,
                "image": image,
                "source_dataset": definition.source_datasets[self.source_datasets[position]],
                "subtask": definition.subtask_slugs[0],
                "kind": self.categories[position],
                "text": QUESTION,
                "options": {},
                "is_excluded": image in self.excluded,
            }

    def encode(self) -> bytes:
        """Everything, compressed, with a checksum; it holds truth, so it belongs in the truth store."""
        columns = _Columns(
            definition=self.definition.to_dict(),
            ids=list(self.ids),
            source_datasets=self.source_datasets.tobytes(),
            categories=list(self.categories),
            sizes=self.sizes.tobytes(),
            canvases=self.canvases.tobytes(),
            anomalous=np.packbits(self.anomalous).tobytes(),
            starts=self.starts.tobytes(),
            boxes=self.boxes.tobytes(),
            labels=list(self.labels),
            excluded=sorted(self.excluded),
        )
        packed = zlib.compress(msgspec.msgpack.encode(columns))
        return MAGIC + hashlib.sha256(packed).digest() + packed

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Take back what `encode` made; raises ReleaseError when it is damaged."""
        start = len(MAGIC) + _DIGEST_SIZE
        packed = data[start:]
        if data[:start] != MAGIC + hashlib.sha256(packed).digest():
            raise ReleaseError.single(Problem("damaged-release"))
        columns = msgspec.msgpack.decode(zlib.decompress(packed), type=_Columns)
        size = len(columns.ids)
        same: dict[str, str] = {}  # equal strings become one object: categories and labels repeat
        return cls(
            definition=Definition.from_dict(columns.definition),
            ids=columns.ids,
            source_datasets=np.frombuffer(columns.source_datasets, dtype=np.uint8),
            categories=[same.setdefault(name, name) for name in columns.categories],
            sizes=np.frombuffer(columns.sizes).reshape(size, 2),
            canvases=np.frombuffer(columns.canvases).reshape(size, 2),
            anomalous=np.unpackbits(np.frombuffer(columns.anomalous, dtype=np.uint8), count=size).astype(
                np.bool_
            ),
            starts=np.frombuffer(columns.starts, dtype=np.int64),
            boxes=np.frombuffer(columns.boxes).reshape(-1, 4),
            labels=[same.setdefault(label, label) for label in columns.labels],
            excluded=frozenset(columns.excluded),
        )


class _Columns(msgspec.Struct, forbid_unknown_fields=True):
    definition: dict[str, Any]
    ids: list[str]
    source_datasets: bytes
    categories: list[str]
    sizes: bytes
    canvases: bytes
    anomalous: bytes
    starts: bytes
    boxes: bytes
    labels: list[str]
    excluded: list[str]
