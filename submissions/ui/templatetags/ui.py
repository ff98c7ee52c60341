"""Tags and filters of the pages. The board uses none of them inside its rows."""

from datetime import datetime
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.utils.safestring import SafeString

from submissions.ui import format as figures

register = template.Library()


@register.filter
def count(value: int | None) -> SafeString:
    return figures.count(value)


@register.filter
def percent(value: float) -> str:
    return figures.percent(value)


@register.filter
def asked(number: int, images: bool) -> str:
    return figures.asked(number, images=images)


@register.filter
def when(value: datetime | None) -> SafeString:
    return figures.when(value)


@register.filter
def day(value: datetime | None) -> SafeString:
    return figures.day(value)


@register.filter
def digest(value: str, length: int = 7) -> SafeString:
    return figures.digest(value, length)


@register.filter
def error_count(form: BaseForm) -> int:
    """How many errors a form has, of all its fields and its own."""
    return sum(map(len, form.errors.values()))


@register.inclusion_tag("ui/components/field.html")
def field(bound: BoundField, label: str = "", advice: str = "", **attrs: str) -> dict[str, Any]:
    """A form field with its label, one line of help and its errors, tied together for assistive technology.

    ``label`` and ``advice`` (the help) default to the field's own; further arguments become attributes of the
    control.
    """
    help_text = advice or bound.help_text
    errors = list(bound.errors)
    described = [f"{bound.auto_id}-help"] if help_text else []
    described += [f"{bound.auto_id}-error"] if errors else []
    widget_attrs: dict[str, str | bool] = {name.replace("_", "-"): value for name, value in attrs.items()}
    if described:
        widget_attrs["aria-describedby"] = " ".join(described)
    if errors:
        widget_attrs["aria-invalid"] = "true"
    return {
        "field": bound,
        "is_checkbox": bound.widget_type == "checkbox",
        "control": bound.as_widget(attrs=widget_attrs),
        "label": label or bound.label,
        "help": help_text,
        "errors": errors,
    }
