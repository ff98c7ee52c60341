"""`manage.py serve`: the embedded site, in the foreground."""

import os
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from leaderboard.supervisor import NotStartedError, Supervisor
from submissions.orphans import die_with_parent


class Command(BaseCommand):
    """Run everything on the embedded default until Ctrl-C."""

    help = "Starts broker, worker and web server, and stops them all on Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Let `make run` tie the site to itself."""
        parser.add_argument(
            "--with-parent", action="store_true", help="stop when the process that started this one ends"
        )
        parser.add_argument(
            "--without-first-data", action="store_true", help="do not make the benchmarks of a fresh site"
        )

    def handle(self, *, with_parent: bool, without_first_data: bool, **options: Any) -> None:
        """Run the site; exit code 0 when it was asked to stop."""
        if with_parent:
            die_with_parent(signal.SIGTERM, parent=os.getppid())
        supervisor = Supervisor(
            project=settings.BASE_DIR,
            var=settings.VERNIER_VAR,
            port=settings.VERNIER_PORT,
            say=say,
            with_broker=not os.environ.get("VERNIER_REDIS_URL"),
            with_first_data=not without_first_data,
        )
        try:
            supervisor.run()
        except NotStartedError as error:
            raise CommandError(str(error)) from error


def say(line: str) -> None:
    """Print a line at once; whether anybody still reads it must not matter."""
    try:
        print(line, flush=True)  # noqa: T201 - the console is what this command is for
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
