"""`check_benchmark FOLDER`: what load_benchmark would do."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scoring.errors import ReleaseError
from scoring.folder import spec
from submissions import folders, messages, storage
from submissions.refusals import Refusal


class Command(BaseCommand):
    help = "Say what load_benchmark would do with a folder. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, nargs="?")
        parser.add_argument("--slug", default="", help="the benchmark; goes before the folder's own")
        parser.add_argument("--schema", action="store_true", help="print the JSON Schema of benchmark.toml")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["folder"]
        if options["schema"]:
            self.stdout.write(json.dumps(spec.schema(), indent=2))
            return
        if path is None:
            raise CommandError("Which folder? It holds a benchmark.toml.")
        try:
            for line in folders.foreseen(folders.read(path, slug=options["slug"])):
                self.stdout.write(line)
        except ReleaseError as error:
            heading = f"{path} cannot be loaded; nothing was changed:"
            raise CommandError(messages.explained(heading, error)) from error
        except Refusal as refusal:
            raise CommandError(messages.refusal(refusal.code, refusal.params)) from refusal
        except storage.StorageUnavailableError as error:
            raise CommandError("The truth store does not answer.") from error
