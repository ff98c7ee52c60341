"""One immutable version of a benchmark's questions and their truth."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from string import ascii_uppercase
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from scoring.definition import CATEGORY, Definition
from scoring.errors import Problem, ReleaseError
from scoring.grid import Grid
from scoring.lookup import Lookup
from scoring.statistics.bootstrap import Replicates
from scoring.statistics.outcomes import Outcomes
from scoring.statistics.strata import Strata

# What the site has room for, in characters; question ids are longer than their images' paths.
LONGEST = {
    "question_id": 300,
    "image": 300,
    "source_dataset": 100,
    "kind": 100,
    "category": 100,
    "cluster": 300,
}
_MAGIC = b"VERNIER-RELEASE-1\n"
_DIGEST_SIZE = hashlib.sha256().digest_size


@dataclass(frozen=True, eq=False, repr=False)
class Release:
    """Questions as columns, in the order of the organizer's file.

    `source_datasets` and `subtasks` hold positions in the definition's lists; `truth` holds the right option's
    position (0 is A) and never leaves the worker. `categories` is empty where there are none, and `clusters`, whose
    questions belong together for error bars, where these are the images. Of the `excluded` questions, named by id,
    answer files may speak, but no figure counts them.
    """

    definition: Definition
    ids: Sequence[str]
    images: Sequence[str]
    source_datasets: NDArray[np.uint8]
    subtasks: NDArray[np.uint8]
    kinds: Sequence[str]
    texts: Sequence[str]
    options: Sequence[tuple[str, ...]]
    abnormal: NDArray[np.bool_]
    truth: NDArray[np.uint8]
    categories: Sequence[str] = ()
    clusters: Sequence[str] = ()
    excluded: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<Release of {self.definition.slug}, {self.size} questions>"

    @property
    def size(self) -> int:
        return len(self.ids)

    def excluding(self, ids: Iterable[str]) -> "Release":
        """The same questions with exactly those of these ids excluded that it has; other ids mean nothing here."""
        excluded = frozenset(ids) & frozenset(self.ids)
        return self if excluded == self.excluded else replace(self, excluded=excluded)

    def without_truth(self) -> "Release":
        """What the public knows of the questions, enough to check an answer file; it has another digest.

        An image is abnormal in it where its path says so.
        """
        says = self.definition.normal_component
        return replace(
            self,
            abnormal=self.abnormal if says else np.zeros(self.size, dtype=np.bool_),
            truth=np.zeros(self.size, dtype=np.uint8),
            categories=(),
            clusters=(),
        )

    @cached_property
    def counted(self) -> NDArray[np.bool_]:
        """A flag per question: whether figures count it."""
        return np.array([question_id not in self.excluded for question_id in self.ids], dtype=np.bool_)

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 of the questions and their truth; the order of images in the file plays no part.

        And of the rules that scores follow from, except where paths say what an image is, as MMAD's do: its digests are
        older.
        """
        sha256 = hashlib.sha256()
        if not self.definition.normal_component:
            sha256.update(msgspec.json.encode(self.definition.scoring_rules))
        for position in sorted(range(self.size), key=self.ids.__getitem__):
            sha256.update(msgspec.json.encode(self._row(position)))
            sha256.update(b"\n")
        return sha256.hexdigest()

    @cached_property
    def lookup(self) -> Lookup:
        return Lookup(
            ids=self.ids,
            images=self.images,
            kinds=self.kinds,
            texts=self.texts,
            options=self.options,
            raw_type_of=self.definition.raw_type_of,
        )

    @cached_property
    def grid(self) -> Grid:
        return Grid.lay_out(
            self.source_datasets, self.subtasks, self.category_codes, self.abnormal, self.counted
        )

    @cached_property
    def strata(self) -> Strata:
        return Strata.lay_out(
            self.definition,
            self.clusters or self.images,
            self.source_datasets,
            self.subtasks,
            self.category_codes,
            self.abnormal,
            self.counted,
        )

    @cached_property
    def replicates(self) -> Replicates:
        return Replicates.of(self.strata, self.digest)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that entries are ranked by: "overall", subtasks and source datasets, as far as they have any."""
        figures = self.strata.linear(range(len(self.definition.subtasks)))
        return tuple(name for name in figures.names if "/" not in name and name != "micro")

    def new_outcomes(self) -> "Outcomes[Any]":
        """An empty store of submissions' outcomes, for a board."""
        return Outcomes(self)

    @cached_property
    def category_codes(self) -> NDArray[np.uint16]:
        """A number for each question's category where means are taken over categories, else zeros."""
        if CATEGORY not in self.definition.levels or not self.categories:
            return np.zeros(self.size, dtype=np.uint16)
        return np.unique(np.array(self.categories), return_inverse=True)[1].astype(np.uint16)

    @cached_property
    def option_counts(self) -> NDArray[np.uint8]:
        return np.array([len(options) for options in self.options], dtype=np.uint8)

    @cached_property
    def _redefined(self) -> list["Release"]:
        """The release under the last other definition that it was asked for, with the tables it has built."""
        return []

    def under(self, definition: Definition) -> "Release":
        """The same questions by another definition of their benchmark, such as a later one.

        Its metrics, shares, aliases and rewordings then count. Raises ReleaseError when by it any question
        is of another source dataset or subtask, or normal instead of abnormal: that takes another import.
        """
        for release in (self, *self._redefined):
            if release.definition == definition:
                return release
        release = self._redefine(definition)
        self._redefined[:] = [release]
        return release

    def _redefine(self, definition: Definition) -> "Release":
        try:
            release = replace(
                self,
                definition=definition,
                source_datasets=_moved(
                    self.source_datasets, self.definition.source_datasets, definition.source_datasets
                ),
                subtasks=_moved(self.subtasks, self.definition.subtask_slugs, definition.subtask_slugs),
            )
            same = self._is_placed_alike(release)
        except (KeyError, ValueError):
            same = False
        if not same:
            reason = "by it questions are of another source dataset, subtask or kind than in the release"
            raise ReleaseError.single(Problem("wrong-definition", params={"reason": reason}))
        return release

    def _is_placed_alike(self, release: "Release") -> bool:
        """Whether its definition says of each question what the release does. Raises KeyError for an unknown type."""
        definition = release.definition
        if [definition.subtask_of_type[kind] for kind in self.kinds] != release.subtasks.tolist():
            return False
        if not definition.normal_component:
            return True
        names = [definition.source_datasets[dataset] for dataset in release.source_datasets.tolist()]
        return (
            list(map(definition.source_dataset_of, self.images)) == names
            and list(map(definition.is_abnormal, self.images)) == self.abnormal.tolist()
        )

    def lettered_options(self, position: int) -> dict[str, str]:
        return dict(zip(ascii_uppercase, self.options[position], strict=False))

    def public_questions(self) -> Iterator[dict[str, Any]]:
        """The questions without their answers, and without the normal or abnormal mark."""
        definition = self.definition
        for position in range(self.size):
            yield {
                "question_id": self.ids[position],
                "image": self.images[position],
                "source_dataset": definition.source_datasets[self.source_datasets[position]],
                "subtask": definition.subtasks[self.subtasks[position]].slug,
                "kind": self.kinds[position],
                "text": self.texts[position],
                "options": self.lettered_options(position),
                "is_excluded": self.ids[position] in self.excluded,
            }

    def _row(self, position: int) -> tuple[Any, ...]:
        # Words more only where there is more to say: so what has nothing of it keeps the digest that it had.
        return (
            self.ids[position],
            self.images[position],
            self.definition.source_datasets[self.source_datasets[position]],
            self.definition.subtask_slugs[self.subtasks[position]],
            self.kinds[position],
            self.texts[position],
            self.options[position],
            bool(self.abnormal[position]),
            int(self.truth[position]),
            *(({"category": self.categories[position]},) if self.categories else ()),
            *(({"cluster": self.clusters[position]},) if self.clusters else ()),
            *(("excluded",) if self.ids[position] in self.excluded else ()),
        )

    def encode(self) -> bytes:
        """Everything, compressed, with a checksum; it holds truth, so it belongs in the truth store."""
        columns = _Columns(
            definition=self.definition.to_dict(),
            ids=list(self.ids),
            images=list(self.images),
            source_datasets=self.source_datasets.tolist(),
            subtasks=self.subtasks.tolist(),
            kinds=list(self.kinds),
            texts=list(self.texts),
            options=list(self.options),
            abnormal=self.abnormal.tolist(),
            truth=self.truth.tolist(),
            categories=list(self.categories),
            clusters=list(self.clusters),
            excluded=sorted(self.excluded),
        )
        packed = zlib.compress(msgspec.msgpack.encode(columns))
        return _MAGIC + hashlib.sha256(packed).digest() + packed

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Take back what `encode` made; raises ReleaseError when it is damaged."""
        start = len(_MAGIC) + _DIGEST_SIZE
        packed = data[start:]
        if data[:start] != _MAGIC + hashlib.sha256(packed).digest():
            raise ReleaseError.single(Problem("damaged-release"))
        columns = msgspec.msgpack.decode(zlib.decompress(packed), type=_Columns)
        same: dict[str, str] = {}  # equal strings become one object: images and options repeat
        return cls(
            definition=Definition.from_dict(columns.definition),
            ids=columns.ids,
            images=[same.setdefault(image, image) for image in columns.images],
            source_datasets=np.array(columns.source_datasets, dtype=np.uint8),
            subtasks=np.array(columns.subtasks, dtype=np.uint8),
            kinds=[same.setdefault(kind, kind) for kind in columns.kinds],
            texts=[same.setdefault(text, text) for text in columns.texts],
            options=[
                tuple(same.setdefault(option, option) for option in options) for options in columns.options
            ],
            abnormal=np.array(columns.abnormal, dtype=np.bool_),
            truth=np.array(columns.truth, dtype=np.uint8),
            categories=[same.setdefault(category, category) for category in columns.categories],
            clusters=[same.setdefault(cluster, cluster) for cluster in columns.clusters],
            excluded=frozenset(columns.excluded),
        )


def _moved(positions: NDArray[np.uint8], names: Sequence[str], others: Sequence[str]) -> NDArray[np.uint8]:
    """Positions in one list of names as positions in another; ValueError when a name in use is not there."""
    used = set(positions.tolist())
    moves = [others.index(name) if at in used else 0 for at, name in enumerate(names)]
    return np.array(moves, dtype=np.uint8)[positions]


class _Columns(msgspec.Struct, forbid_unknown_fields=True):
    definition: dict[str, Any]
    ids: list[str]
    images: list[str]
    source_datasets: list[int]
    subtasks: list[int]
    kinds: list[str]
    texts: list[str]
    options: list[tuple[str, ...]]
    abnormal: list[bool]
    truth: list[int]
    # What was encoded before there were any lacks these.
    categories: list[str] = []
    clusters: list[str] = []
    excluded: list[str] = []
