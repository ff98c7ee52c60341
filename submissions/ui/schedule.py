"""From when and until when a benchmark takes answers, in finished text."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from submissions.models import Benchmark
from submissions.ui.format import when


def dates(benchmark: Benchmark) -> list[SafeString]:
    """What an organizer set, with its time zone; nothing of a benchmark that is closed whatever the dates are."""
    said = []
    state = benchmark.intake
    if state == "not-yet":
        said.append(format_html(_("takes answers from {moment}"), moment=when(benchmark.opens_at)))
    if state in ("not-yet", "open") and benchmark.closes_at:
        said.append(format_html(_("takes answers until {moment}"), moment=when(benchmark.closes_at)))
    if state == "over":
        said.append(format_html(_("took answers until {moment}"), moment=when(benchmark.closes_at)))
    return said
