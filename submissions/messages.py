"""Codes of scoring and of refusals become the sentences of `wording`; somebody reads them at midnight."""

from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext

from scoring.errors import ReleaseError
from submissions.ui import format as figures
from submissions.wording.causes import ADVICE, BOX_ADVICE, CAUSES
from submissions.wording.problems import IN_RECORD, PROBLEMS
from submissions.wording.refusals import COMPARISONS, FAULTS, REFUSALS

SHOWN_PROBLEMS = 20  # of an organizer's file, on the console


def fault(code: str) -> str:
    """Why a file could not be scored against another release."""
    return str(FAULTS.get(code, code))


def refusal(code: str, params: Mapping[str, Any]) -> str:
    """What a Refusal says, in the reader's language."""
    return str(REFUSALS[code]).format_map(_Lenient(_written(params)))


def _written(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as a sentence holds them: whole numbers with their thousands set apart, the minimum in percent."""
    written = {name: figures.count(value) if type(value) is int else value for name, value in params.items()}
    return written | ({"minimum": figures.percent(params["minimum"])} if "minimum" in params else {})


class _Lenient(dict[str, Any]):
    """Leaves a name that was not given as it stands, so that a sentence never fails to be said."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def comparison(code: str) -> str:
    """Why two submissions could not be compared."""
    return str(COMPARISONS.get(code, code))


def problem(code: str, params: Mapping[str, Any], *, field: str | None = None) -> str:
    """What is wrong at one place of a file, and what to do about it, in the reader's language.

    `field` is the problem's own, for the sentences that name it. Of a record in a JSON list its number comes first.
    """
    given = params if field is None else {"field": field, **params}
    said = _first(PROBLEMS.get(code, ()), given)
    said = said or gettext("The file is at fault here ({code}).").format(code=code)
    return _first(IN_RECORD, {**params, "problem": said}) or said


def _first(sentences: Iterable[str | Promise], given: Mapping[str, Any]) -> str | None:
    """The first of the sentences whose names are all given."""
    for sentence in sentences:
        if placeholders(str(sentence)) <= given.keys():
            return str(sentence).format_map(_written(given))
    return None


def explained(heading: str, error: ReleaseError) -> str:
    """What is wrong with an organizer's files: the first problems, each with its file and line where it names one."""
    lines = []
    for found in error.problems[:SHOWN_PROBLEMS]:
        file, said = found.params.get("file"), problem(found.code, found.params)
        place = f"{file}, line {found.line}" if found.line else str(file)
        lines.append(f"{place}: {said}" if file else said)
    if error.total > len(lines):
        lines.append(gettext("... and {count} more").format(count=error.total - len(lines)))
    return "\n  ".join([heading, *lines])


def placeholders(sentence: str) -> set[str]:
    """The names that a sentence needs to be given."""
    return {name for _text, name, _spec, _conversion in Formatter().parse(sentence) if name}


def cause(code: str) -> str:
    """In a few words, for a list of causes with their counts."""
    return str(CAUSES.get(code, code))


def advice(codes: Iterable[str], kind: str) -> list[str]:
    """What to do about these causes in a file for a benchmark of this kind: each way out once."""
    known = {**ADVICE, **(BOX_ADVICE if kind == "boxes" else {})}
    return list(dict.fromkeys(str(known[code]) for code in codes if code in known))
