"""A benchmark's rules, read from its `benchmark.toml`."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import resources
from types import MappingProxyType
from typing import Any, Self

import msgspec

from scoring import metrics
from scoring.errors import Problem, ReleaseError
from scoring.prompts import BOXES, Wording

MOST = 255  # subtasks, and source datasets
ONLY_DATASET = "all"  # of a benchmark whose questions name none
RESERVED = ("overall", "micro", "detection")
SLUG = "[a-z0-9]+(-[a-z0-9]+)*"  # of a subtask
_DATASET = re.compile(r"[^/\x00-\x1f\x7f]{1,100}")
# What a mean may be taken over, in the order in which a question is placed.
LEVELS = ("source_dataset", "subtask", "category")
SOURCE_DATASET, SUBTASK, CATEGORY = range(3)
# What an answer is: the letter of an option, or whether an image is anomalous and where (scoring.boxes).
KINDS = ("options", "boxes")
BOX_SUBTASKS = {"detection": "accuracy", "localization": "box_accuracy"}
BOX_AVERAGES = ("subtask", "category")
# What an entry declares to be in the closed division, on every board alike; what is not declared is open.
CLOSED_DIVISION: Mapping[str, str] = MappingProxyType({"training": "none-known", "tools": "none"})


@dataclass(frozen=True)
class Subtask:
    """A column of the benchmark: the questions of its raw types.

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


@dataclass(frozen=True, kw_only=True)
class SubtaskNames:
    """A subtask's names in another language."""

    name: str = ""
    short_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Translation:
    """What people read of a benchmark, in another language; what is empty stays as it is."""

    name: str = ""
    summary: str = ""
    notice: str = ""
    obtain: str = ""
    subtasks: Mapping[str, SubtaskNames] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Definition:
    """Everything that is particular to one benchmark. Percentages are 0 to 100, shares 0 to 1.

    Figures are means over the levels in `average_over`, the outermost first, of questions that are pooled within: none
    is the micro average. Where `normal_component` is set, paths say what an image is: its source dataset is the first
    part, through `folds`, and it is normal when a component equals that. `translations` holds, by language, `name`,
    `summary`, `notice` and `obtain`, and under `subtasks` names and short names by slug.
    """

    slug: str
    name: str
    summary: str
    subtasks: tuple[Subtask, ...]
    source_datasets: tuple[str, ...]
    average_over: tuple[str, ...] = ("source_dataset", "subtask")
    lower_is_better: bool = False
    folds: Mapping[str, str] = field(default_factory=dict)
    normal_component: str = ""
    options_minimum: int = 2
    options_maximum: int = 26
    present_minimum: float = 0.95
    answers_public: bool = False
    notice: str = ""
    obtain: str = ""
    citation: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    translations: Mapping[str, Translation] = field(default_factory=dict)
    prompt: Wording | None = None
    kind: str = "options"

    @property
    def asks_for_boxes(self) -> bool:
        """Whether answers say of images where they are anomalous, instead of naming options."""
        return self.kind == "boxes"

    @cached_property
    def wording(self) -> Wording:
        """Its words for prompts. A definition without any takes those that come with its benchmark, or plain ones."""
        if self.prompt is not None:
            return self.prompt
        plain = BOXES if self.asks_for_boxes else Wording()
        try:
            return load(self.slug).prompt or plain
        except ReleaseError:
            return plain

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

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The positions in LEVELS that means are taken over, the outermost first."""
        return tuple(LEVELS.index(name) for name in self.average_over)

    @cached_property
    def detecting(self) -> int | None:
        """The one subtask that tells normal from abnormal images, which the detection figures are of."""
        found = [at for at, subtask in enumerate(self.subtasks) if subtask.metric in metrics.MEANS_OF_CLASSES]
        return found[0] if len(found) == 1 else None

    @property
    def scoring_rules(self) -> dict[str, Any]:
        """What scores and ranks follow from, besides questions and truth."""
        return {
            "average_over": self.average_over,
            "lower_is_better": self.lower_is_better,
            "present_minimum": self.present_minimum,
            "metrics": {subtask.slug: subtask.metric for subtask in self.subtasks},
            **({"kind": self.kind} if self.kind != "options" else {}),
        }

    def metric_of(self, subtask: int | None) -> str:
        """The metric of a subtask by its position; of None, of all pooled, the one that all have."""
        return self.subtasks[subtask or 0].metric

    def sort_key(self, score: float) -> float:
        """What is greater the better a score is."""
        return -score if self.lower_is_better else score

    def in_language(self, language: str) -> "Definition":
        """With the texts that there are in that language; a region falls back on its language alone."""
        texts = self.translations.get(language) or self.translations.get(language.split("-", 1)[0])
        if texts is None:
            return self
        names = texts.subtasks
        return replace(
            self,
            **{
                key: getattr(texts, key) or getattr(self, key)
                for key in ("name", "summary", "notice", "obtain")
            },
            subtasks=tuple(
                replace(
                    subtask,
                    name=names[subtask.slug].name or subtask.name,
                    short_name=names[subtask.slug].short_name
                    or names[subtask.slug].name
                    or subtask.short_name,
                )
                if subtask.slug in names
                else subtask
                for subtask in self.subtasks
            ),
        )

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
        for key, reason in self.complaints():
            raise ReleaseError.single(Problem("wrong-definition", None, key, {"reason": reason}))

    def complaints(self) -> Iterator[tuple[str, str]]:
        """What contradicts itself: the key that is to blame, as in `subtasks[0].metric`, and why."""
        if not self.subtasks:
            yield "subtasks", "there are no subtasks"
        if not self.source_datasets:
            yield "source_datasets", "there are no source datasets"
        for key, found in (("subtasks", self.subtasks), ("source_datasets", self.source_datasets)):
            if len(found) > MOST:
                yield key, f"there are {len(found)}, and {MOST} are allowed"
        yield from self._complaints_about_names()
        yield from self._complaints_about_kind()
        if not 2 <= self.options_minimum <= self.options_maximum <= 26:
            yield "options_minimum", "option limits outside 2 to 26"
        if not 0 <= self.present_minimum <= 1:
            yield "present_minimum", "present_minimum is not a share from 0 to 1"
        if not set(self.folds.values()) <= set(self.source_datasets):
            yield "folds", "a fold leads to no source dataset"
        for language, texts in self.translations.items():
            if unknown := sorted(texts.subtasks.keys() - set(self.subtask_slugs)):
                yield f"translations.{language}.subtasks", f"there is no subtask {unknown[0]}"

    def _complaints_about_names(self) -> Iterator[tuple[str, str]]:
        taken: dict[str, str] = dict.fromkeys(RESERVED, "a figure of every benchmark")
        if self.kind != "options":
            del taken["detection"]
        for at, subtask in enumerate(self.subtasks):
            if not re.fullmatch(SLUG, subtask.slug):
                yield f"subtasks[{at}].slug", "a slug is of small letters, digits and hyphens"
            if subtask.slug in taken:
                yield f"subtasks[{at}].slug", f"{subtask.slug} is taken already: {taken[subtask.slug]}"
            taken[subtask.slug] = "another subtask"
            if not subtask.name.strip():
                yield f"subtasks[{at}].name", "a name is missing"
        for at, name in enumerate(self.source_datasets):
            if not _DATASET.fullmatch(name):
                yield (
                    f"source_datasets[{at}]",
                    "a name is of up to 100 characters, without / and control characters",
                )
            if name in taken:
                yield f"source_datasets[{at}]", f"{name} is taken already: {taken[name]}"
            taken[name] = "another source dataset"
        raw_types = [name for subtask in self.subtasks for name in (*subtask.raw_types, *subtask.aliases)]
        if len(set(raw_types)) < len(raw_types):
            yield "subtasks", "a raw type is listed twice"

    def _complaints_about_kind(self) -> Iterator[tuple[str, str]]:
        if self.asks_for_boxes:
            yield from self._complaints_about_boxes()
        elif self.kind == "options":
            yield from self._complaints_about_means()
        else:
            yield "kind", f"may be one of: {', '.join(KINDS)}"

    def _complaints_about_boxes(self) -> Iterator[tuple[str, str]]:
        if [(subtask.slug, subtask.metric) for subtask in self.subtasks] != list(BOX_SUBTASKS.items()):
            wanted = ", ".join(f"{slug} ({metric})" for slug, metric in BOX_SUBTASKS.items())
            yield "subtasks", f"a benchmark of boxes has the subtasks {wanted}"
        if self.average_over != BOX_AVERAGES:
            yield "average_over", f"of a benchmark of boxes it is: {', '.join(BOX_AVERAGES)}"
        if self.lower_is_better:
            yield "lower_is_better", "of boxes, more right ones are better"

    def _complaints_about_means(self) -> Iterator[tuple[str, str]]:
        for at, subtask in enumerate(self.subtasks):
            if subtask.metric not in metrics.REGISTRY:
                yield f"subtasks[{at}].metric", f"unknown metric; known are: {', '.join(metrics.REGISTRY)}"
        if not set(self.average_over) <= set(LEVELS) or len(set(self.average_over)) < len(self.average_over):
            yield "average_over", f"may list each of these once: {', '.join(LEVELS)}"
        elif "subtask" not in self.average_over and len({subtask.metric for subtask in self.subtasks}) > 1:
            yield (
                "average_over",
                "subtasks with different metrics can be pooled in no mean: it has to list subtask",
            )


def load(slug: str) -> Definition:
    """The definition in `scoring/benchmarks/<slug>/benchmark.toml`; ReleaseError when there is none."""
    try:
        text = resources.files("scoring.benchmarks").joinpath(slug, "benchmark.toml").read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ReleaseError.single(Problem("unknown-benchmark", params={"slug": slug})) from error
    return Definition.from_dict({"slug": slug, **tomllib.loads(text)})
