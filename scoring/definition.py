"""A benchmark's rules, read from its `benchmark.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from typing import Any, Self

import msgspec

from scoring import metrics
from scoring.errors import Problem, ReleaseError
from scoring.prompts import Wording


@dataclass(frozen=True)
class Subtask:
    """A column of the benchmark: the questions of its raw types, pooled.

    `aliases` maps other names of a raw type to it. `rewordings` lists, for a raw type, stems that the
    benchmark's own runners ask in place of the published one.
    """

    slug: str
    name: str
    short_name: str
    metric: str
    raw_types: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    rewordings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """Everything that is particular to one benchmark. Percentages are 0 to 100, shares 0 to 1.

    A question's source dataset is the first part of its image's path, through `folds`; its image is
    normal when one component of the path equals `normal_component`.
    """

    slug: str
    name: str
    summary: str
    subtasks: tuple[Subtask, ...]
    source_datasets: tuple[str, ...]
    folds: Mapping[str, str]
    normal_component: str
    options_minimum: int
    options_maximum: int
    present_minimum: float
    answers_public: bool
    notice: str
    obtain: str
    citation: str
    links: Mapping[str, str]
    closed_division: Mapping[str, str]
    prompt: Wording | None = None

    @cached_property
    def wording(self) -> Wording:
        """Its words for prompts. A definition without any takes those that come with its benchmark, or plain ones."""
        if self.prompt is not None:
            return self.prompt
        try:
            return load(self.slug).prompt or Wording()
        except ReleaseError:
            return Wording()

    @cached_property
    def subtask_of_type(self) -> dict[str, int]:
        """The position of the subtask that each raw type, under any of its names, belongs to."""
        return {
            name: position
            for position, subtask in enumerate(self.subtasks)
            for name in (*subtask.raw_types, *subtask.aliases)
        }

    @cached_property
    def raw_type_of(self) -> dict[str, str]:
        """The raw type behind each of its names."""
        names = {raw: raw for subtask in self.subtasks for raw in subtask.raw_types}
        for subtask in self.subtasks:
            names.update(subtask.aliases)
        return names

    @cached_property
    def subtask_slugs(self) -> tuple[str, ...]:
        return tuple(subtask.slug for subtask in self.subtasks)

    def source_dataset_of(self, image: str) -> str | None:
        """The source dataset of an image's path, None when the benchmark has no such dataset."""
        first = image.split("/", 1)[0]
        name = self.folds.get(first, first)
        return name if name in self.source_datasets else None

    def is_abnormal(self, image: str) -> bool:
        return self.normal_component not in image.split("/")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; `from_dict` takes it back."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        return body

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Self:
        """Raises ReleaseError when a field is missing, of the wrong type or contradicts another."""
        try:
            definition = msgspec.convert(body, cls)
        except msgspec.ValidationError as error:
            raise ReleaseError.single(Problem("wrong-definition", params={"reason": str(error)})) from error
        definition._check()
        return definition

    def _check(self) -> None:
        names = [name for subtask in self.subtasks for name in (*subtask.raw_types, *subtask.aliases)]
        complaints = [
            ("a raw type is listed twice", len(set(names)) < len(names)),
            ("a subtask's slug is listed twice", len(set(self.subtask_slugs)) < len(self.subtasks)),
            ("no subtasks or no source datasets", not (self.subtasks and self.source_datasets)),
            ("a metric is unknown", any(s.metric not in metrics.REGISTRY for s in self.subtasks)),
            ("a fold leads to no source dataset", not set(self.folds.values()) <= set(self.source_datasets)),
            ("option limits outside 2 to 26", not 2 <= self.options_minimum <= self.options_maximum <= 26),
            ("present_minimum is not a share", not 0 <= self.present_minimum <= 1),
        ]
        for reason, wrong in complaints:
            if wrong:
                raise ReleaseError.single(Problem("wrong-definition", params={"reason": reason}))


def load(slug: str) -> Definition:
    """The definition in `scoring/benchmarks/<slug>/benchmark.toml`; ReleaseError when there is none."""
    try:
        text = resources.files("scoring.benchmarks").joinpath(slug, "benchmark.toml").read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ReleaseError.single(Problem("unknown-benchmark", params={"slug": slug})) from error
    return Definition.from_dict({"slug": slug, **tomllib.loads(text)})
