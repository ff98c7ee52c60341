"""`import_mmad PATH`: a benchmark open for submissions, and a release of it, from the authors' mmad.json."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from scoring import definition
from scoring.benchmarks.mmad import importer
from submissions import benchmarks, releases
from submissions.management import organizers


class Command(BaseCommand):
    help = "Import mmad.json (plain or .gz) as a release; prints its digest. The same file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        organizers.add_settings(parser, slug="mmad")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        with organizers.explaining(path):
            content, templates = importer.read_all(path.read_bytes(), definition.load("mmad"))
            loaded = benchmarks.load(content, templates=templates, **organizers.settings(options))
        release, (outcome, *changes) = loaded.release, loaded.lines
        self.stdout.write(release.digest)
        self.stderr.write(f"{options['slug']}: {release.question_count} questions, {outcome}")
        for change in changes:
            self.stderr.write(change)
        if not releases.has_templates(release, templates):
            self.stderr.write("This release has other templates than the file, and keeps them.")
