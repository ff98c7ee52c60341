"""`import_mmad PATH`: a benchmark open for submissions, and a release of it, from the authors' mmad.json."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scoring import definition
from scoring.benchmarks.mmad import importer
from scoring.errors import ReleaseError
from submissions import messages, releases, storage
from submissions.refusals import Refusal


def limit(text: str) -> int:
    """A number of submissions, as argparse reads it."""
    if not (text.isascii() and text.isdecimal() and int(text) < 2**31):
        raise ArgumentTypeError(f"{text} is no number of submissions")
    return int(text)


class Command(BaseCommand):
    help = "Import mmad.json (plain or .gz) as a release; prints its digest. The same file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--slug", default="mmad", help="the benchmark, made if new")
        parser.add_argument("--name", default="", help="what pages call it, if new")
        parser.add_argument(
            "--summary", help="what it is, in a sentence or two, for the first page and the API"
        )
        parser.add_argument(
            "--daily-limit", type=limit, help="submissions a team has a day (5 for a new benchmark)"
        )
        parser.add_argument(
            "--total-limit", type=limit, help="submissions a team has in all (200 for a new benchmark)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        try:
            content, templates = importer.read_all(path.read_bytes(), definition.load("mmad"))
            release, outcome = releases.publish(
                content,
                slug=options["slug"],
                templates=templates,
                name=options["name"],
                summary=options["summary"],
                daily_limit=options["daily_limit"],
                total_limit=options["total_limit"],
            )
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except ReleaseError as error:
            heading = f"{path} was not imported; nothing was changed:"
            raise CommandError(messages.explained(heading, error)) from error
        except Refusal as refusal:
            raise CommandError(messages.refusal(refusal.code, refusal.params)) from refusal
        except storage.StorageUnavailableError as error:
            raise CommandError("The truth store does not answer; nothing was changed.") from error
        self.stdout.write(release.digest)
        self.stderr.write(f"{options['slug']}: {release.question_count} questions, {outcome}")
        if not releases.has_templates(release, templates):
            self.stderr.write("This release has other templates than the file, and keeps them.")
