"""What a fresh site starts with: stand-ins with models of their own, and the real boards with their quoted results."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions import quoted, restated, standin, storage


class Command(BaseCommand):
    help = "Load the first data of a fresh site. Again: only what is missing is added."

    def handle(self, *args: Any, **options: Any) -> None:
        for slug in standin.REAL:
            loaded = quoted.load(slug, restated.results(slug))
            self.stdout.write(f"{slug}: {loaded.new + loaded.changed + loaded.same} quoted results")
        for stand_in in standin.ALL:
            try:
                sent = standin.load(stand_in)
            except storage.StorageUnavailableError as error:
                raise CommandError("Storage does not answer; run it again when it does.") from error
            self.stdout.write(f"{stand_in.slug}: {sent} answer files sent to the worker")
