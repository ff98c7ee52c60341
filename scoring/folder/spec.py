"""`benchmark.toml`: what may stand in it, as a schema, and where in it a fault is."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from scoring.definition import BOX_AVERAGES, BOX_SUBTASKS, CLOSED_DIVISION, SLUG, Definition
from scoring.errors import Problem, ReleaseError
from scoring.prompts import Wording

NAME = "benchmark.toml"

Text = Annotated[str, Meta(min_length=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Level = Literal["source_dataset", "subtask", "category"]


class SubtaskSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column of the board."""

    slug: Annotated[str, Meta(pattern=f"^{SLUG}$", description="Its name in addresses and files.")]
    name: Text
    short_name: Annotated[str, Meta(description="For narrow columns; without one, the name.")] = ""
    metric: Annotated[
        Literal["accuracy", "balanced_accuracy", "box_accuracy"],
        Meta(
            description="balanced_accuracy is the mean of the accuracies on normal and on abnormal images; "
            "box_accuracy is that of localization alone."
        ),
    ] = "accuracy"
    raw_types: Annotated[
        tuple[str, ...],
        Meta(description="Values of the column `kind` that belong here; without any, the slug."),
    ] = ()
    aliases: Annotated[dict[str, str], Meta(description="Other names of a kind, each with the kind.")] = {}
    rewordings: Annotated[
        dict[str, tuple[str, ...]],
        Meta(description="By kind, wordings that runners ask in place of the published one."),
    ] = {}


class PromptSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A benchmark's words around a question, see `scoring.prompts.Wording`; what stands in braces is filled in."""

    instruction: str = Wording.instruction
    knowledge: str = Wording.knowledge
    templates: str = Wording.templates
    image: str = Wording.image
    after_image: str = Wording.after_image
    question: str = Wording.question
    option: str = Wording.option
    knowledge_datasets: Annotated[
        dict[str, str],
        Meta(description="What a file of domain knowledge calls a source dataset, and its name here."),
    ] = {}


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many submissions and public entries a team may have."""

    daily: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    total: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    public_entries: Annotated[int, Meta(ge=0, lt=2**31)] | None = None


class Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the questions and their truth stand, beside this file."""

    questions: Text = "questions.csv"
    truth: Annotated[
        str, Meta(description="Without it, the questions' own column `answer` is the truth.")
    ] = ""


class BoxesSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a benchmark of images with boxes says about these."""

    frame: Annotated[
        Literal["short-edge-448", "pixels", "0-1000"], Meta(description="The frame of the true boxes.")
    ] = "pixels"


class SubtaskTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A subtask's names in another language."""

    name: str = ""
    short_name: str = ""


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What people read, in another language."""

    name: str = ""
    summary: str = ""
    notice: str = ""
    obtain: str = ""
    subtasks: dict[str, SubtaskTexts] = {}


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A benchmark's rules and what its organizers set."""

    slug: Annotated[
        str, Meta(pattern="^[-a-zA-Z0-9_]{1,50}$", description="Its address: /benchmarks/SLUG/.")
    ] = ""
    name: Text
    kind: Annotated[
        Literal["options", "boxes"],
        Meta(
            description="What is asked for: the letter of an option, or whether an image is anomalous and where."
        ),
    ] = "options"
    summary: Annotated[str, Meta(max_length=500, description="One or two sentences for the first page.")] = ""
    source_datasets: Annotated[
        tuple[Text, ...],
        Meta(description="In the board's order; without any, as they occur in the questions."),
    ] = ()
    average_over: Annotated[
        tuple[Level, ...],
        Meta(
            description="What the overall score is a mean over, the outermost first, of questions pooled within. "
            "Empty: all questions are pooled (the micro average)."
        ),
    ] = ("source_dataset", "subtask")
    lower_is_better: bool = False
    options_minimum: Annotated[int, Meta(ge=2, le=26)] = 2
    options_maximum: Annotated[int, Meta(ge=2, le=26)] = 26
    present_minimum: Annotated[
        Share, Meta(description="Share of the questions that an answer file must have records for.")
    ] = 0.95
    answers_public: Annotated[bool, Meta(description="Whether anyone can get the answers.")] = False
    notice: Annotated[str, Meta(description="What readers of the board must know.")] = ""
    obtain: Annotated[str, Meta(description="How one gets questions and images.")] = ""
    citation: Annotated[str, Meta(description="BibTeX.")] = ""
    disclosure: Annotated[
        Literal["overall", "subtasks", "cells"] | None,
        Meta(
            description="How much of a score teams and the public see; of a new benchmark cells, or subtasks where "
            "boxes are not public."
        ),
    ] = None
    limits: Limits = Limits()
    links: Annotated[dict[str, str], Meta(description="paper, code, questions … and their addresses.")] = {}
    closed_division: Annotated[
        dict[str, str],
        Meta(
            description="The same on every board, so nothing need be said of it.",
            extra_json_schema={"const": dict(CLOSED_DIVISION)},
        ),
    ] = {}
    folds: Annotated[
        dict[str, str], Meta(description="First parts of image paths that belong to a source dataset.")
    ] = {}
    normal_component: Annotated[
        str, Meta(description="Where paths say it: the part that an image's path has when it is normal.")
    ] = ""
    files: Files = Files()
    boxes: BoxesSpec = BoxesSpec()
    subtasks: Annotated[
        tuple[SubtaskSpec, ...],
        Meta(
            description="Of a benchmark of boxes they are detection and localization: only their names are free."
        ),
    ] = ()
    prompt: Annotated[PromptSpec | None, Meta(description="How a model is asked.")] = None
    translations: Annotated[dict[str, Texts], Meta(description="By language, such as zh-hans.")] = {}


_NOT_RULES = ("slug", "disclosure", "limits", "closed_division", "files", "boxes")
# What is settled for a benchmark of boxes, and why: such a key may be left out or say just that; None: left out.
_SETTLED: Mapping[str, tuple[Any, str]] = {
    "average_over": (
        list(BOX_AVERAGES),
        "of boxes, every figure is a mean over categories, and the overall over both",
    ),
    "lower_is_better": (False, "of boxes, more right ones are better"),
    "options_minimum": (None, "an image with boxes has no options"),
    "options_maximum": (None, "an image with boxes has no options"),
    "folds": (None, "of an image with boxes, the column source_dataset says its source dataset"),
    "normal_component": (None, "of an image with boxes, the column anomalous says whether it is normal"),
}
_SETTLED_OF_SUBTASKS = ("metric", "raw_types", "aliases", "rewordings")
_BOX_NAMES = {"detection": "Detection", "localization": "Localization"}


def schema() -> dict[str, Any]:
    """The JSON Schema of a benchmark.toml."""
    settled = {
        key: False if value is None else {"const": value} for key, (value, _reason) in _SETTLED.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **msgspec.json.schema(Spec),
        "if": {"properties": {"kind": {"const": "boxes"}}, "required": ["kind"]},
        "then": {"properties": settled},
        "else": {"properties": {"boxes": False, "subtasks": {"minItems": 1}}, "required": ["subtasks"]},
    }


def parse(text: str) -> Spec:
    """Raises ReleaseError, naming line and key."""
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise _error(line, "", _in_a_sentence(str(error).split(" (at ")[0])) from error
    try:
        found = msgspec.convert(body, Spec)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$")
        path = path.rstrip("`").lstrip(".")
        if unknown := re.search(r"unknown field `(.*)`", reason):
            path = f"{path}.{unknown[1]}".lstrip(".")
        raise _error(line_of(text, path), path, _in_a_sentence(reason)) from error
    if "closed_division" in body and found.closed_division != CLOSED_DIVISION:
        said = " and ".join(f'{key} = "{value}"' for key, value in CLOSED_DIVISION.items())
        reason = (
            f"the closed division is of entries that declare {said}, on every board alike: leave this out"
        )
        raise _error(line_of(text, "closed_division"), "closed_division", reason)
    for key, reason in _complaints_about_kind(body):
        raise _error(line_of(text, key), key, reason)
    return found


def _complaints_about_kind(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is said and means nothing in a benchmark of its kind: the key, and why."""
    if body.get("kind") != "boxes":
        if "boxes" in body:
            yield "boxes", 'only a benchmark with kind = "boxes" has boxes'
        if not body.get("subtasks"):
            yield "subtasks", "there are no subtasks"
        return
    for key, (settled, reason) in _SETTLED.items():
        if body.get(key, settled) != settled:
            yield key, reason
    slugs: set[str] = set()
    for at, subtask in enumerate(body.get("subtasks", ())):
        slug = subtask["slug"]
        if slug not in BOX_SUBTASKS or slug in slugs:
            yield (
                f"subtasks[{at}].slug",
                f"of boxes, the subtasks are {' and '.join(BOX_SUBTASKS)}, each once",
            )
            continue
        slugs.add(slug)
        for key in _SETTLED_OF_SUBTASKS:
            settled = {"metric": BOX_SUBTASKS[slug], "raw_types": [slug]}.get(key)
            if subtask.get(key, settled) != settled:
                yield f"subtasks[{at}].{key}", f"of boxes, only names of {slug} are free"


def definition(spec: Spec, text: str, *, slug: str, source_datasets: tuple[str, ...]) -> Definition:
    """The rules that scoring reads. Raises ReleaseError, naming line and key, where they contradict each other."""
    rules = {name: value for name, value in msgspec.to_builtins(spec).items() if name not in _NOT_RULES}
    rules |= {"slug": slug, "source_datasets": source_datasets}
    if spec.kind == "boxes":
        rules |= {"average_over": BOX_AVERAGES, "subtasks": _box_subtasks(spec)}
    for subtask in rules["subtasks"]:
        subtask["short_name"] = subtask["short_name"] or subtask["name"]
        subtask["raw_types"] = subtask["raw_types"] or (subtask["slug"],)
    made: Definition = msgspec.convert(rules, Definition)
    for key, reason in made.complaints():
        raise _error(line_of(text, key), key, reason)
    return made


def _box_subtasks(spec: Spec) -> list[dict[str, Any]]:
    """The subtasks of a benchmark of boxes, with the names that are given."""
    given = {subtask.slug: subtask for subtask in spec.subtasks}
    return [
        {
            "slug": slug,
            "name": given[slug].name if slug in given else _BOX_NAMES[slug],
            "short_name": given[slug].short_name if slug in given else "",
            "metric": metric,
            "raw_types": (slug,),
        }
        for slug, metric in BOX_SUBTASKS.items()
    ]


def _in_a_sentence(reason: str) -> str:
    """With a small letter; what it quotes stays as it is."""
    return reason[:1].lower() + reason[1:]


def _error(line: int | None, key: str, reason: str) -> ReleaseError:
    params = {"file": NAME, "key": key, "reason": reason} if key else {"file": NAME, "reason": reason}
    return ReleaseError.single(Problem("wrong-setting", line, key or None, params))


def line_of(text: str, path: str) -> int | None:
    """Where the value at a path such as `subtasks[1].metric` begins, else what it stands in; None for the file's own.

    Good for files as people write them; in a table within braces, the line of the table.
    """
    wanted = path
    lines = {place: number for number, place in _places(text)}
    while wanted:
        if wanted in lines:
            return lines[wanted]
        wanted = re.sub(r"(\[[^\[\]]*\]|\.?[^.\[\]]+)$", "", wanted)
    return None


def _places(text: str) -> Iterator[tuple[int, str]]:
    """Each line that begins a table or a value, with its path; later ones first, so that the first counts."""
    found: list[tuple[int, str]] = []
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$", line):
            table = _plain(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}[{counts[table]}]"
            found.append((number, table))
        elif value := re.match(r"\s*([A-Za-z0-9_.\"' -]+?)\s*=", line):
            key = _plain(value[1])
            found.append((number, f"{table}.{key}".lstrip(".")))
    return reversed(found)


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
