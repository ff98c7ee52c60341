"""`rescore SLUG`: score a benchmark's history against its draft, or against its current release."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions import audit, rescoring
from submissions.models import Benchmark, Release

PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Score every scored submission against the benchmark's draft release, or without one against the current "
        "one, side by side with the workers. It may be stopped and run again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")

    def handle(self, *args: Any, **options: Any) -> None:
        benchmarks = Benchmark.objects.select_related("draft_release", "current_release")
        benchmark = benchmarks.filter(slug=options["slug"]).first()
        if benchmark is None:
            raise CommandError(f"There is no benchmark {options['slug']}.")
        release = rescoring.target(benchmark)
        if release is None:
            raise CommandError(f"{benchmark.slug} has no release yet: import one first.")
        rescoring.ask(release, by=audit.COMMAND)
        said = None
        while True:
            found = rescoring.progress(release)
            if found != said:
                self.stderr.write(f"{benchmark.slug} {release}: {found.done} of {found.total}")
                said = found
            state = Release.objects.get(pk=release.pk)
            if not state.rescoring:
                break
            if not rescoring.take_turn(release.pk, state.rescoring_turn):
                time.sleep(PAUSE_SECONDS)
        if found.faults:
            self.stderr.write(f"{found.faults} lack too many of its questions, or their answers are gone.")
        self.stdout.write(release.digest)
