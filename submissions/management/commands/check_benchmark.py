"""`check_benchmark FOLDER`: what load_benchmark would do."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scoring.folder import spec
from submissions import folders
from submissions.management import organizers


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
        with organizers.explaining(path):
            for line in folders.foreseen(folders.read(path, slug=options["slug"])):
                self.stdout.write(line)
