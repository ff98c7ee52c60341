"""`backup FILE`: the whole site, database and objects, in one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from submissions import backup, storage


class Command(BaseCommand):
    help = (
        "Write the whole site into one file, while it runs: database, answers, truth. Prints the SHA-256 and the name "
        "of the file, as sha256sum does. Keep the file as secret as the truth; the secret key is not in it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a name that does not exist, such as vernier.tar.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            done = backup.write(path, now=timezone.now())
        except FileExistsError as error:
            raise CommandError(f"{path} is there already: nothing is overwritten.") from error
        except OSError as error:
            raise CommandError(f"{path} could not be written: {error}") from error
        except storage.StorageUnavailableError as error:
            raise CommandError(f"A store does not answer; run it again later: {error}") from error
        for name in done.missing:
            self.stderr.write(f"lost before this backup, and not in it: the object of {name}")
        self.stderr.write(f"{done.rows} rows and {done.objects} objects, {done.size} bytes")
        self.stdout.write(f"{done.sha256}  {path}")
