"""Figures, shares, counts, sizes and times as a reader sees them.

Everything here runs once per figure in Python, so that the templates only place finished text: on a board of
fifty rows the ``floatformat`` filter alone would cost five milliseconds. The results are safe HTML in the
active language's notation, and a missing value is an en dash that a screen reader speaks as "no figure".
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

HEAT_STEPS = (40.0, 50.0, 60.0, 70.0, 80.0, 90.0)
"""Upper ends of the first six heat classes, in percent; the seventh ends at 100."""

NO_BREAK = "\N{NO-BREAK SPACE}"
THIN = "\N{NARROW NO-BREAK SPACE}"


@cache
def _separators(language: str | None) -> tuple[str, str]:
    decimal = get_format("DECIMAL_SEPARATOR", lang=language)
    thousands = get_format("THOUSAND_SEPARATOR", lang=language)
    return str(decimal), NO_BREAK if thousands == " " else str(thousands)


@cache
def _spoken(language: str | None, sign: str, words: Callable[[], str]) -> SafeString:
    return format_html(
        '<span aria-hidden="true">{}</span><span class="visually-hidden">{}</span>', sign, words()
    )


def _no_figure() -> str:
    return gettext("no figure")


def _no_rank() -> str:
    return gettext("no rank")


def missing() -> SafeString:
    """An en dash, spoken as "no figure"."""
    return _spoken(get_language(), "–", _no_figure)


def score(value: float | None, decimals: int = 1) -> SafeString:
    """A score in percent without its sign: one decimal on the board, two on an entry's page."""
    if value is None:
        return missing()
    text = f"{value:.{decimals}f}"
    decimal = _separators(get_language())[0]
    return SafeString(text if decimal == "." else text.replace(".", decimal))


def signed(value: float, decimals: int = 1) -> SafeString:
    """A difference of two scores, always with its sign: "+1.2", "−0.4"."""
    return SafeString(("−" if value < 0 else "+") + score(abs(value), decimals))


def share(value: float | None) -> SafeString:
    """A fraction from 0 to 1 as percent. Only the whole reads as 100 % and only nothing as 0 %."""
    if value is None:
        return missing()
    if value >= 1:
        return SafeString(f"100{THIN}%")
    if value <= 0:
        return SafeString(f"0{THIN}%")
    return SafeString(f"{score(min(max(100 * value, 0.1), 99.9))}{THIN}%")


def percent(value: float | None, decimals: int = 1) -> SafeString:
    """A value that already is in percent, with its sign."""
    return missing() if value is None else SafeString(f"{score(value, decimals)}{THIN}%")


def count(value: int | None) -> SafeString:
    """A whole number with its thousands set apart: "39,672"."""
    if value is None:
        return missing()
    thousands = _separators(get_language())[1]
    text = f"{value:,}"
    return SafeString(text if thousands == "," else text.replace(",", thousands))


def rank(value: int | None, low: int | None = None, high: int | None = None) -> SafeString:
    """A rank, or its range where two ends are given; a middle dot, spoken as "no rank", for none."""
    if value is None:
        return _spoken(get_language(), "·", _no_rank)
    if low is not None and high is not None and low != high:
        return SafeString(f"{low}–{high}")
    return SafeString(str(value))


def size(octets: int | None) -> SafeString:
    """A file's size in steps of a thousand: "812 B", "1.4 kB", "12.3 MB"."""
    if octets is None:
        return missing()
    if octets < 1000:
        return SafeString(f"{octets}{NO_BREAK}B")
    value = float(octets)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95 or unit == "GB":
            return SafeString(f"{score(value)}{NO_BREAK}{unit}")
    raise AssertionError("the loop always returns")


def when(moment: datetime | None, form: str = "j M Y, H:i") -> SafeString:
    """A moment to the minute in the reader's time zone, with the exact one in the ``datetime`` attribute."""
    if moment is None:
        return missing()
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}">{}{}{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, form),
        NO_BREAK,
        local.tzname(),
    )


def clock(moment: datetime | None) -> SafeString:
    """The time of day to the second."""
    if moment is None:
        return missing()
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), date_format(local, "H:i:s")
    )


def day(moment: datetime | None) -> SafeString:
    """The day alone, in the reader's time zone."""
    if moment is None:
        return missing()
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), date_format(local, "j M Y"))


def digest(value: str, length: int = 7) -> SafeString:
    """The first characters of a digest; the whole of it in the title."""
    return format_html('<code title="{}">{}</code>', value, value[:length])


def seconds(value: float) -> SafeString:
    """How long something took: "0.8 s", "3 min"."""
    if value < 90:
        return SafeString(f"{score(value)}{NO_BREAK}s")
    minutes = round(value / 60)
    return SafeString(ngettext("%(count)s min", "%(count)s min", minutes) % {"count": minutes})


def heat(value: float | None) -> int:
    """The heat class of a score in percent, 1 to 7 on a fixed scale; 0 for a missing one."""
    if value is None:
        return 0
    return 1 + sum(value >= step for step in HEAT_STEPS)


def raw(html: str) -> SafeString:
    """Mark text that this package has built from escaped parts."""
    return mark_safe(html)  # noqa: S308
