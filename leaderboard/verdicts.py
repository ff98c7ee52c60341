"""What two entries are to each other, in words and figures that people read."""

from django.utils.translation import gettext as _

from submissions.pairs import Told
from submissions.ui import format as written

MINUS = "\N{MINUS SIGN}"


def sentence(first: str, second: str, told: Told | None, shared: Told | None = None) -> str:
    """The verdict on two entries by their names.

    `told` is their overall difference, None where they have none; then `shared` may be that of the mean of the
    subtasks that both answered.
    """
    if told is None:
        said = _("{first} and {second} have no overall difference: not both answered every subtask.").format(
            first=first, second=second
        )
        if shared is None:
            return said
        on_these = _("On average over those that both answered: {verdict}")
        return f"{said} {on_these.format(verdict=sentence(first, second, shared))}"
    if told.verdict == 0:
        said = _(
            "{first} and {second} cannot be told apart: the difference is {points} points "
            "(95 % interval {low} to {high})."
        )
        low, high = ends(told)
        return said.format(first=first, second=second, points=points(told.difference), low=low, high=high)
    if told.verdict < 0:
        return sentence(second, first, told.turned())
    said = _("{first} is better than {second} by {points} points (95 % interval {low} to {high}).")
    if told.difference < 0:  # and lower is better
        told = told.turned()
    low, high = ends(told)
    return said.format(first=first, second=second, points=points(told.difference), low=low, high=high)


def not_comparable(first: str, second: str, reason: str) -> str:
    return _("{first} and {second} cannot be compared: {reason}").format(
        first=first, second=second, reason=reason
    )


def points(value: float, *, signed: bool = False) -> str:
    """A difference to the tenth of a point: "1.9", "−0.4"; with a plus as well where it is `signed`."""
    sign = "" if _is_zero(value) else MINUS if value < 0 else "+" if signed else ""
    return f"{sign}{written.score(abs(value))}"


def _is_zero(value: float) -> bool:
    """Whether it reads as zero."""
    return round(value, 1) == 0


def ends(told: Told) -> tuple[str, str]:
    """Both ends of its interval. One that only rounding would put on zero says on which side of it it is."""
    low, high = told.interval
    return (
        _("just above 0") if told.verdict and told.difference > 0 and _is_zero(low) else points(low),
        _("just below 0") if told.verdict and told.difference < 0 and _is_zero(high) else points(high),
    )


def interval(told: Told) -> str:
    """As text: "−0.4 to 1.0"."""
    low, high = ends(told)
    return _("{low} to {high}").format(low=low, high=high)
