"""`load_benchmark FOLDER`: a benchmark from data alone, open for submissions, or a draft release of one."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from submissions import folders
from submissions.management import organizers


class Command(BaseCommand):
    help = (
        "Load a folder (benchmark.toml, questions, truth) as a release; prints its digest. Again: no change."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--slug", default="", help="the benchmark, made if new; goes before the folder's own"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["folder"]
        with organizers.explaining(path):
            found = folders.read(path, slug=options["slug"])
            loaded = folders.load(found)
        release = loaded.release
        self.stdout.write(release.digest)
        asked = "image" if release.benchmark.asks_for_boxes else "question"
        asked += "" if release.question_count == 1 else "s"
        outcome, *changes = loaded.lines
        self.stderr.write(f"{release.benchmark.slug}: {release.question_count} {asked}, {outcome}")
        for change in changes:
            self.stderr.write(change)
