"""`load_quoted SLUG CSV...`: results that others printed, for a benchmark's board."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scoring import definition
from scoring.errors import ReleaseError
from submissions import quoted, quoted_file, restated
from submissions.models import Benchmark


class Command(BaseCommand):
    help = (
        "Load quoted results: files in the layout of quoted_results.csv or of the authors' tables; without a file, "
        "those that come with the benchmark. The same again changes nothing; one file at fault, and nothing is loaded."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "slug",
            help="the benchmark; it has to be there already, but for mmad and mmr-ad, which are made without questions",
        )
        parser.add_argument("csv", type=Path, nargs="*", help="the files")

    def handle(self, *args: Any, **options: Any) -> None:
        slug: str = options["slug"]
        try:
            benchmark = Benchmark.objects.filter(slug=slug).first()
            rules = benchmark.rules if benchmark else definition.load(slug)
            results = [result for path in options["csv"] for result in quoted_file.read(path, rules)]
            loaded = quoted.load(slug, results if options["csv"] else restated.results(slug))
        except quoted_file.QuotedFileError as error:
            raise CommandError(f"{error} Nothing was loaded.") from error
        except OSError as error:
            raise CommandError(
                f"{error.filename} cannot be read: {error.strerror}. Nothing was loaded."
            ) from error
        except ReleaseError as error:
            raise CommandError(
                f"There is no benchmark “{slug}”. Make it first: import_mmad FILE --slug {slug}."
            ) from error
        self.stdout.write(
            f"{slug}: {loaded.new} new, {loaded.changed} changed, {loaded.same} known as they are"
        )
