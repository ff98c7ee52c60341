"""`work`: score and place what waits, by asking the database, without Redis and Celery."""

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.utils import timezone

from submissions import fence, polling, sweeper

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
SWEEP_SECONDS = 10.0


class Command(BaseCommand):
    help = (
        "Take work by polling the database, beside the workers or while the queue is away. Stops on SIGTERM or Ctrl-C "
        "when what it has in hand is done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--until-idle", action="store_true", help="end when nothing is left to do")

    def handle(self, *args: Any, **options: Any) -> None:
        fence.limit_memory(settings.WORKER_ROOM_BYTES)
        stop = threading.Event()

        def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask_to_stop)
        done, swept_at = 0, -SWEEP_SECONDS
        while not stop.is_set():
            try:
                if time.monotonic() - swept_at >= SWEEP_SECONDS:
                    sweeper.sweep()
                    swept_at = time.monotonic()
                is_idle = not self.take()
                done += not is_idle
            except Exception as error:
                if options["until_idle"] and isinstance(error, DatabaseError):
                    raise  # somebody waits who can look whether it is the site's
                # The row says what became of it; the next piece is not to wait for somebody to start this again.
                logger.exception("a piece of work broke off")
                is_idle = True
                if not connection.in_atomic_block:
                    connection.close()  # the database may have been away
            if is_idle:
                if options["until_idle"]:
                    break
                stop.wait(PAUSE_SECONDS)
        self.stderr.write(f"did {done} pieces of work")

    def take(self) -> bool:
        """Do the piece of work that is due first; whether there was one, and it did not have to wait."""
        run = polling.next_piece(timezone.now())
        if run is None:
            return False
        with fence.limited_time(settings.SCORE_SECONDS):
            return run() is not False
