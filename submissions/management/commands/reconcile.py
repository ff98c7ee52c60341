"""`reconcile`: remove stored objects that no row knows, and list rows whose object is gone."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from submissions import reconciler, storage


class Command(BaseCommand):
    help = (
        "Remove stored objects that no row knows once they are an hour old, and list rows whose object is gone. "
        "Safe at any time; exits with 1 when something is missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--age", type=float, default=3600, metavar="SECONDS", help="how old an orphan must be"
        )
        parser.add_argument("--dry-run", action="store_true", help="remove nothing, say what would go")

    def handle(self, *args: Any, **options: Any) -> None:
        age = timedelta(seconds=options["age"])
        try:
            found = reconciler.reconcile(now=timezone.now(), age=age, pretend=options["dry_run"])
        except storage.StorageUnavailableError as error:
            raise CommandError(f"A store does not answer; run it again later: {error}") from error
        for key in found.missing:
            self.stdout.write(f"missing {key}")
        done = "would go" if options["dry_run"] else "removed"
        self.stderr.write(
            f"orphans {done}: {len(found.removed)} ({found.removed_bytes} bytes); missing: {len(found.missing)}"
        )
        if found.missing:
            raise CommandError("Rows name objects that no store has: restore them from a backup.")
