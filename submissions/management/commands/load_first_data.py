"""What a fresh site starts with: the stand-in with the published models, and the real board with its quoted results."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions import quoted, restated, standin, storage

REAL = "mmad"


class Command(BaseCommand):
    help = "Load the first data of a fresh site. Again: only what is missing is added."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = quoted.load(REAL, restated.results(REAL))
        self.stdout.write(f"{REAL}: {loaded.new + loaded.changed + loaded.same} quoted results")
        try:
            sent = standin.load()
        except storage.StorageUnavailableError as error:
            raise CommandError("Storage does not answer; run it again when it does.") from error
        self.stdout.write(f"{standin.SLUG}: {sent} answer files sent to the worker")
