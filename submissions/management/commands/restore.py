"""`restore FILE`: bring a site back from what `backup` wrote."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions import archive, restore, storage


class Command(BaseCommand):
    help = (
        "Bring a backup back into an empty site: run migrate first, and start web and workers afterwards. The whole "
        "file is checked before anything is written. After one that broke off, run it again with the same file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--sha256", default="", help="what backup printed; another file is refused")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            if options["sha256"] and options["sha256"].lower() != archive.sha256_of_file(path):
                raise CommandError(f"{path} is another file: its SHA-256 is {archive.sha256_of_file(path)}.")
            done = restore.restore(path)
        except archive.DamagedArchiveError as error:
            raise CommandError(f"{path} is damaged: {error}.") from error
        except restore.NotRestoredError as error:
            raise CommandError(str(error)) from error
        except storage.StorageUnavailableError as error:
            raise CommandError(
                f"A store does not answer; run it again with the same file: {error}"
            ) from error
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        self.stderr.write(f"restored {done.rows} rows and {done.objects} objects")
