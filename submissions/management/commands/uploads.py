"""`uploads close SENTENCE`, `uploads open`: take nothing from anybody for a while, and say why; `uploads`: do we?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from submissions import audit, messages, upload_switch
from submissions.refusals import Refusal


class Command(BaseCommand):
    help = (
        "Close uploads for every benchmark and everybody, with a sentence that is said instead, or open them again. "
        "Without either it says how it stands."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed")
        close = deeds.add_parser("close", help="answer every upload with 503 and this sentence")
        close.add_argument("sentence")
        deeds.add_parser("open", help="take answers again")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["deed"] == "close":
                upload_switch.close(sentence=options["sentence"], by=audit.COMMAND, now=timezone.now())
            elif options["deed"] == "open":
                upload_switch.reopen(by=audit.COMMAND)
        except Refusal as refusal:
            raise CommandError(messages.refusal(refusal.code, refusal.params)) from refusal
        said = upload_switch.sentence()
        self.stdout.write(f"Uploads are closed: {said}" if said else "Uploads are open.")
