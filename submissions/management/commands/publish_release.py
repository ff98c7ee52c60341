"""`publish_release SLUG`: let the benchmark's draft take the current release's place."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from submissions import audit, messages, releases
from submissions.models import Benchmark
from submissions.refusals import Refusal


class Command(BaseCommand):
    help = "Make the benchmark's draft its current release, in one step; prints the digest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")

    def handle(self, *args: Any, **options: Any) -> None:
        benchmark = Benchmark.objects.select_related("draft_release").filter(slug=options["slug"]).first()
        if benchmark is None:
            raise CommandError(f"There is no benchmark {options['slug']}.")
        if benchmark.draft_release is None:
            raise CommandError(f"{benchmark.slug} has no draft: import a release first.")
        try:
            releases.ask_current(benchmark.draft_release, by=audit.COMMAND)
            releases.switch_if_due(benchmark.draft_release.pk, now=timezone.now())
        except Refusal as refusal:
            raise CommandError(messages.refusal(refusal.code, refusal.params)) from refusal
        self.stdout.write(benchmark.draft_release.digest)
        self.stderr.write(f"{benchmark.slug}: {benchmark.draft_release} is current now")
