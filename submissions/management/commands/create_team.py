from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from submissions import messages, teams
from submissions.forms import TeamForm
from submissions.refusals import Refusal


class Command(BaseCommand):
    help = (
        "Make a team; prints its short name. Without an owner it has no members: only its tokens act for it, and "
        "nobody sees its private results in the browser."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the short name: lower-case letters, digits, hyphens")
        parser.add_argument("--name", help="the name on the board (default: the short name)")

        parser.add_argument("--owner", metavar="E-MAIL", help="the confirmed address of who owns it")

    def handle(self, *args: Any, **options: Any) -> None:
        form = TeamForm({"slug": options["slug"], "name": options["name"] or options["slug"]})
        if not form.is_valid():
            raise CommandError(" ".join(str(error) for found in form.errors.values() for error in found))
        try:
            owner = teams.person(options["owner"]) if options["owner"] is not None else None
            team = teams.create(**form.cleaned_data, owner=owner)
        except Refusal as refusal:
            raise CommandError(messages.refusal(refusal.code, refusal.params)) from refusal
        self.stdout.write(team.slug)
