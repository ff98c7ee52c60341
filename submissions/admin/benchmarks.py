from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from submissions import benchmarks
from submissions.admin import forms
from submissions.admin.desk import Deed, Desk
from submissions.models import Benchmark


def _settings_of(*names: str) -> Callable[[Benchmark], dict[str, Any]]:
    return lambda benchmark: {name: getattr(benchmark, name) for name in names}


@admin.register(Benchmark)
class BenchmarkAdmin(Desk[Benchmark]):
    list_display = ("name", "slug", "is_open", "opens_at", "closes_at", "daily_limit", "total_limit")
    ordering = ("is_standin", "name")
    fields = (
        *("slug", "name", "summary", "is_standin", "is_open", "opens_at", "closes_at", "disclosure"),
        *("daily_limit", "total_limit", "public_entries_limit", "holds_alike"),
        *("current_release", "draft_release", "changed_at"),
    )
    deeds = (
        Deed(
            "open",
            _("Open it"),
            _("It takes answers, within its dates if it has any."),
            _("The benchmark is open."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, is_open=True),
            offered=lambda benchmark: not benchmark.is_open,
        ),
        Deed(
            "close",
            _("Close it"),
            _("It takes no answers, whatever its dates are. What is queued is scored."),
            _("The benchmark is closed."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, is_open=False),
            offered=lambda benchmark: benchmark.is_open,
        ),
        Deed(
            "dates",
            _("Set its dates"),
            _("While it is open it takes answers from the one moment to the other; the pages tell both."),
            _("The dates are set."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, **said),
            forms.DatesForm,
            initial=_settings_of("opens_at", "closes_at"),
        ),
        Deed(
            "limits",
            _("Set its quotas"),
            _(
                "What a team may send and make public. What is rejected, fails or is cancelled is not counted."
            ),
            _("The quotas are set."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, **said),
            forms.LimitsForm,
            initial=_settings_of("daily_limit", "total_limit", "public_entries_limit"),
        ),
        Deed(
            "disclosure",
            _("Set what it discloses"),
            _("Of every report, old ones as well, to its team and to the public. What was seen was seen."),
            _("The disclosure is set."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, **said),
            forms.DisclosureForm,
            initial=_settings_of("disclosure"),
        ),
        Deed(
            "hold",
            _("Hold answers that agree with another team’s"),
            _("What is made public and agrees beyond chance waits for an organizer."),
            _("Such answers are held."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, holds_alike=True),
            offered=lambda benchmark: not benchmark.holds_alike,
        ),
        Deed(
            "hold-nothing",
            _("Hold no answers"),
            _("Nothing is compared any more. What is held already waits for its decision."),
            _("No answers are held."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, holds_alike=False),
            offered=lambda benchmark: benchmark.holds_alike,
        ),
        Deed(
            "name",
            _("Say what it is called and what it is"),
            _("Its address stays."),
            _("Name and summary are set."),
            lambda benchmark, said, by: benchmarks.change(benchmark, by=by, **said),
            forms.NameForm,
            initial=_settings_of("name", "summary"),
        ),
    )
