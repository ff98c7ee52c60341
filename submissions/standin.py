"""The first data of a fresh site: the stand-in benchmarks with the answer files of the models on their boards."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from django.utils import timezone

from scoring import definition, standin
from scoring.benchmarks.mmad import importer
from scoring.boxes import importer as box_importer
from scoring.boxes import standin as made_up
from scoring.kinds import AnyRelease
from scoring.prompts import Templates
from submissions import intake, releases
from submissions.models import Benchmark, Submission, Team
from submissions.models.submission import SubmissionQuerySet

REAL = ("mmad", "mmr-ad")  # with quoted results alone, until an organizer imports them
FOR_TRYING_OUT = 1000  # submissions a day: the stand-ins are there to be tried
IMAGES = 2_000  # of MMR-AD's 127,137: all of its categories, in proportion, and a site that starts soon


class Model(NamedTuple):
    """A model of a stand-in's board: `answers` makes its file, from the release."""

    name: str
    file_name: str
    answers: Callable[[Any], bytes]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StandIn:
    """A benchmark of made-up questions."""

    slug: str
    name: str
    team: tuple[str, str]  # slug and name of whom the models are sent by
    content: Callable[[], tuple[AnyRelease, Mapping[str, Templates]]]
    models: Callable[[], Sequence[Model]]

    def is_scored(self) -> bool:
        """Whether all of its models are."""
        scored = _sent(self).scored().values_list("entry__name", flat=True)
        return {model.name for model in self.models()} <= set(scored)


def _questions() -> tuple[AnyRelease, Mapping[str, Templates]]:
    return importer.read_all(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))


def _rebuilt() -> list[Model]:
    return [
        Model(model.name, model.file, partial(standin.rebuild, model), model.settings)
        for model in standin.published_models()
    ]


def _images() -> tuple[AnyRelease, Mapping[str, Templates]]:
    with TemporaryDirectory() as folder:
        made_up.write(Path(folder), IMAGES)
        found = box_importer.read(Path(folder))
    return found.release, found.templates


def _made_up() -> list[Model]:
    return [
        Model(model.name, f"{model.name}.jsonl", partial(_replies, model), {}) for model in made_up.MODELS
    ]


def _replies(model: made_up.Model, release: AnyRelease) -> bytes:
    return made_up.answers(model, IMAGES)


MMAD = StandIn(
    "mmad-standin",
    "MMAD stand-in",
    ("published-results", "Published results, rebuilt"),
    _questions,
    _rebuilt,
)
MMR_AD = StandIn("mmr-ad-standin", "MMR-AD stand-in", ("made-up-models", "Made-up models"), _images, _made_up)
ALL = (MMAD, MMR_AD)


def load(stand_in: StandIn, *, now: datetime | None = None) -> int:
    """Make the stand-in benchmark and queue its models' files for the worker; answers how many were sent.

    Again: what is there stays, and only what is missing is sent.
    """
    sent_before = set(_sent(stand_in).values_list("entry__name", flat=True))
    missing = [model for model in stand_in.models() if model.name not in sent_before]
    if not missing and Benchmark.objects.filter(slug=stand_in.slug, current_release__isnull=False).exists():
        return 0
    release, templates = stand_in.content()
    # With its own settings before its first release opens it; later the organizers' word counts.
    Benchmark.objects.get_or_create(
        slug=stand_in.slug,
        defaults={
            "name": stand_in.name,
            "definition": release.definition.to_dict(),
            "is_standin": True,
            "public_entries_limit": None,
            "holds_alike": False,  # everybody tries the same sample files there
        },
    )
    releases.publish(
        release,
        slug=stand_in.slug,
        templates=templates,
        name=stand_in.name,
        daily_limit=FOR_TRYING_OUT,
        total_limit=1_000_000,
        is_standin=True,
    )
    benchmark = Benchmark.objects.with_release().get(slug=stand_in.slug)
    slug, name = stand_in.team
    team, _made = Team.objects.get_or_create(slug=slug, defaults={"name": name, "is_standin": True})
    for model in missing:
        offer = intake.Offer(
            benchmark=benchmark,
            team=team,
            entry_name=model.name,
            answers=io.BytesIO(model.answers(release)),
            file_name=model.file_name,
            settings=model.settings,
            visibility=Submission.Visibility.PUBLIC,
            source=Submission.Source.COMMAND,
        )
        intake.accept(offer, now=now or timezone.now())
    return len(missing)


def _sent(stand_in: StandIn) -> SubmissionQuerySet:
    return Submission.objects.filter(benchmark__slug=stand_in.slug, team__slug=stand_in.team[0]).counting()
