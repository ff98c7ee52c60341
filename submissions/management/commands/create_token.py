from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from submissions import messages, tokens
from submissions.models import Benchmark, Team, Token
from submissions.refusals import Refusal


class Command(BaseCommand):
    help = "Make an API token of a team. Prints the token, alone; it is not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("team", help="the team's short name")
        parser.add_argument("--days", type=int, default=90, help="days until it ends, 1 to 365 (default: 90)")
        parser.add_argument("--scope", choices=Token.Scope.values, default=Token.Scope.SUBMIT)
        parser.add_argument(
            "--benchmark",
            action="append",
            default=[],
            dest="benchmarks",
            metavar="SLUG",
            help="limit it to this benchmark; may be given several times (default: all)",
        )
        parser.add_argument("--name", default="made by command", help="where it is used")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["days"] <= tokens.LONGEST_LIFE.days:
            raise CommandError(f"--days must be from 1 to {tokens.LONGEST_LIFE.days}.")
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise CommandError(f"There is no team “{options['team']}”. Make it with create_team.")
        known = set(Benchmark.objects.values_list("slug", flat=True))
        for slug in options["benchmarks"]:
            if slug not in known:
                raise CommandError(f"There is no benchmark “{slug}”. Known are: {', '.join(sorted(known))}.")
        try:
            _token, text = tokens.create(
                team,
                name=options["name"],
                scope=Token.Scope(options["scope"]),
                days=options["days"],
                now=timezone.now(),
                benchmarks=list(dict.fromkeys(options["benchmarks"])),
            )
        except Refusal as refusal:
            raise CommandError(messages.refusal(refusal.code, refusal.params)) from refusal
        self.stdout.write(text)
