"""A release's questions as prompts: what a runner sends to a model so that it asks what the benchmark asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from leaderboard import exports
from scoring.prompts import product_of
from submissions.models import Benchmark, ImageTemplates, Knowledge, Release


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the benchmark is to be asked: the first `shots` of an image's templates, and with what is known."""

    shots: int = 0
    template: Literal["random", "similar"] = "random"
    knowledge: Literal["none", "full"] = "none"


def knowledge_of(benchmark: Benchmark) -> Knowledge | None:
    """What an organizer has loaded, if anything."""
    return Knowledge.objects.filter(benchmark=benchmark).first()


def jsonl(
    benchmark: Benchmark, release: Release, wanted: Wanted, knowledge: Knowledge | None
) -> Iterator[bytes]:
    """One question a line, in the release's order, read from the database as they are asked for.

    What a line says follows from the question and its image's path, source dataset and product alone.
    """
    wording = benchmark.rules.wording
    for chunk in exports.chunks(exports.questions(release)):
        templates = _templates(release, {question["image"] for question in chunk}, wanted)
        for question in chunk:
            image = question["image"]
            asked = wording.ask(question.pop("text"), question["options"])
            shown = templates.get(image, [])
            known = knowledge.of(question["source_dataset"], product_of(image)) if knowledge else ""
            line = question | {
                "question": asked,
                "templates": shown,
                "knowledge": known or None,
                "prompt": wording.prompt(asked, image=image, templates=shown, knowledge=known),
            }
            yield msgspec.json.encode(line) + b"\n"


def _templates(release: Release, images: set[str], wanted: Wanted) -> Mapping[str, list[str]]:
    if not wanted.shots:
        return {}
    found: Any = ImageTemplates.objects.filter(release=release, image__in=images)
    return {
        image: paths[: wanted.shots]
        for image, paths in found.values_list("image", wanted.template).iterator()
    }
