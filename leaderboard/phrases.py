"""Settings and filters in a reader's words."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leaderboard.filters import DECLARED, UNDECLARED
from submissions.models import Entry

Text = str | Promise

WORDS: Mapping[tuple[str, str], Text] = {
    ("template", "none"): gettext_lazy("no template image"),
    ("template", "random"): gettext_lazy("random template"),
    ("template", "similar"): gettext_lazy("similar template"),
    ("template", "retrieved"): gettext_lazy("own retrieval of templates"),
    ("knowledge", "none"): gettext_lazy("no domain knowledge"),
    ("knowledge", "full"): gettext_lazy("domain knowledge in full"),
    ("knowledge", "retrieved"): gettext_lazy("retrieved domain knowledge"),
    ("tools", "none"): gettext_lazy("no tools"),
    ("tools", "expert-agent"): gettext_lazy("expert agent"),
    ("tools", "other"): gettext_lazy("other tools"),
    ("reasoning", "yes"): gettext_lazy("reasoning"),
    ("reasoning", "no"): gettext_lazy("no reasoning"),
    ("prompting", "single"): gettext_lazy("one question at a time"),
    ("prompting", "cumulative"): gettext_lazy("cumulative prompting"),
    ("training", "none-known"): gettext_lazy("no known training exposure"),
    ("training", "similar-images"): gettext_lazy("trained on similar images"),
    ("training", "benchmark-images"): gettext_lazy("trained on the benchmark’s images"),
    ("training", "benchmark-questions"): gettext_lazy("trained on the benchmark’s questions"),
    ("open_weights", "yes"): gettext_lazy("open weights"),
    ("open_weights", "no"): gettext_lazy("closed weights"),
    ("kind", "scored"): gettext_lazy("scored here"),
    ("kind", "quoted"): gettext_lazy("quoted"),
    ("tier", "quoted"): gettext_lazy("quoted"),
    ("tier", "scored"): gettext_lazy("scored, not verified"),
    ("tier", "verified"): gettext_lazy("verified"),
}
METRICS: Mapping[str, Text] = {
    "accuracy": gettext_lazy("The share of the questions that were answered correctly, in percent."),
    "balanced_accuracy": gettext_lazy(
        "The mean of the accuracy on normal images and the accuracy on abnormal images, in percent, so that "
        "the more frequent of the two does not decide the score."
    ),
    "box_accuracy": gettext_lazy(
        "Right boxes of all boxes: right ones, false ones and true ones that were missed, in percent. A box is right "
        "when its overlap (intersection over union) with a true box is at least 0.1, each box matched once."
    ),
}
METRICS_OF_BOXES: Mapping[str, Text] = {
    "accuracy": gettext_lazy(
        "The share of the images of which it was said rightly whether they are anomalous, in percent."
    ),
}
LABELS: Mapping[str, Text] = {
    "q": gettext_lazy("name"),
    "kind": gettext_lazy("kind"),
    "tier": gettext_lazy("tier"),
    **{field.name: field.verbose_name for field in Entry._meta.fields},
}
_FORMS: Mapping[str, Callable[[Any], str]] = {
    "shots": lambda value: _("{number}-shot").format(number=value),
    "parameters": lambda value: _("{number} B parameters").format(number=f"{float(value):g}"),
    "quantisation": str,
    "q": lambda value: _("“{text}” in the name").format(text=value),
    "note": lambda value: _("“{text}” in the note").format(text=value),
}


def metric(name: str, *, of_boxes: bool) -> str:
    """What a metric measures, in a sentence; a metric without one is called by its name."""
    known = {**METRICS, **METRICS_OF_BOXES} if of_boxes else METRICS
    return str(known[name]) if name in known else name.replace("_", " ")


def setting(name: str, value: Any) -> str:
    """A declared setting in words: "1-shot", "no tools", "AWQ"."""
    if (name, value) in WORDS:
        return str(WORDS[name, value])
    if name in _FORMS:
        return _FORMS[name](value)
    return f"{LABELS[name]}: {value}"


def settings(declared: Mapping[str, Any], language: str | None) -> tuple[tuple[str, ...], int]:
    """The declared settings in words, in the order of the form, and how many are not declared. Links are left out.

    `language` is the one in force: a page of rows asks for it once.
    """
    return _settings(language, tuple(map(declared.__getitem__, Entry.SETTINGS)))


@lru_cache(maxsize=4096)
def _settings(language: str | None, values: tuple[Any, ...]) -> tuple[tuple[str, ...], int]:
    # Kept by language: a board says some four hundred settings, and most rows are run alike.
    declared = zip(Entry.SETTINGS, values, strict=True)
    words = tuple(setting(name, value) for name, value in declared if value is not None)
    return words, len(values) - len(words)


def chosen(name: str, value: str) -> str:
    """A filter in words."""
    if value == UNDECLARED:
        return _("{setting} not declared").format(setting=LABELS[name])
    if value == DECLARED:
        return _("{setting} declared").format(setting=LABELS[name])
    return setting(name, value)
