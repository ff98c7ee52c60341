"""`import_mmad PATH`: a benchmark open for submissions, and a release of it, from the authors' mmad.json."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scoring import definition
from scoring.benchmarks.mmad import importer
from scoring.errors import ReleaseError
from submissions import messages, releases, storage

SHOWN_PROBLEMS = 20


class Command(BaseCommand):
    help = "Import mmad.json (plain or .gz) as a release; prints its digest. The same file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--slug", default="mmad", help="the benchmark, made if new")
        parser.add_argument("--daily-limit", type=int, default=5, help="submissions a team has a day")
        parser.add_argument("--total-limit", type=int, default=200, help="submissions a team has in all")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        try:
            content = importer.read(path.read_bytes(), definition.load("mmad"))
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except ReleaseError as error:
            raise CommandError(self.explain(path, error)) from error
        try:
            release, is_new = releases.publish(
                content,
                slug=options["slug"],
                daily_limit=options["daily_limit"],
                total_limit=options["total_limit"],
            )
        except storage.StorageUnavailableError as error:
            raise CommandError("The truth store does not answer; nothing was changed.") from error
        self.stdout.write(release.digest)
        what = "new" if is_new else "known already, nothing changed"
        self.stderr.write(f"{options['slug']}: {release.question_count} questions, {what}")

    def explain(self, path: Path, error: ReleaseError) -> str:
        """The first problems, each with its image and question."""
        lines = [
            messages.problem(problem.code, problem.params) for problem in error.problems[:SHOWN_PROBLEMS]
        ]
        more = [f"... and {error.total - len(lines)} more"] if error.total > len(lines) else []
        return "\n  ".join([f"{path} was not imported; nothing was changed:", *lines, *more])
