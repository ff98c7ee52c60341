"""Samples of lm-evaluation-harness and of lmms-eval, as `--log_samples` writes them, one JSON object a line.

Made for lm-evaluation-harness 0.4.5 to 0.4.9 (`samples_<task>_<date>.jsonl`: `doc`, `arguments`, `resps`,
`filtered_resps`, `filter`) and for lmms-eval 0.3 to 0.7 (`<date>_samples_<task>.jsonl`: `input`, `filtered_resps`, and
`resps` only where a filter has changed them; it leaves `doc` out, and what a task's `process_results` returns is all
that is left of it).

The question is named by `question_id` in `doc`, in the record itself or in what `process_results` returned, which our
task files write; else by `image` and `question` in the same place. `target` is ignored. The raw reply is read, not what
a filter made of it; where the model was asked several times, the filter has chosen. Of choices that were
only weighed, the likeliest is the reply. Each filter writes every sample again: that is no second answer.
"""

from collections.abc import Collection, Iterator, Mapping
from string import ascii_uppercase
from typing import Any

from scoring.answers.asked import Asked, split
from scoring.answers.fields import FieldError, first_text, options_of, text_of


def claims(names: Collection[str]) -> bool:
    return not {"resps", "filtered_resps"}.isdisjoint(names)


def name_of(names: Collection[str]) -> str:
    return "lmms-eval" if "input" in names else "lm-eval"


def asked_of(value: Mapping[str, Any]) -> Asked:
    """Raises FieldError."""
    about = _about(value)
    question = text_of(about, "question")
    source = value.get("filter")
    return Asked(
        reply=_reply(value),
        question_id=text_of(about, "question_id") or None,
        image=first_text(about, "image", "image_path"),
        stem=None if question is None else split(question)[0],
        kind=first_text(about, "question_type", "category"),
        options=options_of(about, "options", "choices"),
        source=source if isinstance(source, str) else None,
    )


def _about(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object that tells of the question."""
    places = list(_places(value))
    named = (place for place in places if place.get("question_id") is not None)
    shown = (place for place in places if isinstance(place.get("question"), str))
    return next(named, next(shown, {}))


def _places(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if isinstance(doc := value.get("doc"), dict):
        yield doc
    yield value
    for name, place in value.items():
        if name != "doc" and isinstance(place, dict):
            yield place


def _reply(value: Mapping[str, Any]) -> str | None:
    raw, filtered = value.get("resps"), value.get("filtered_resps")
    if raw is None and filtered is None:
        raise FieldError("missing-field", "filtered_resps")
    replies: Any
    for replies in (raw, filtered):
        if _is_one(replies) and _is_one(replies[0]):
            replies = replies[0]
        if _is_one(replies) and isinstance(replies[0], str | None):
            return replies[0]
    if isinstance(filtered, list) and len(filtered) > 1:
        if all(map(_is_weighed, filtered)):
            return _likeliest(filtered, value.get("arguments"))
        if all(isinstance(reply, str) for reply in filtered) and len(set(filtered)) == 1:
            return str(filtered[0])
    raise FieldError("wrong-type", "filtered_resps")


def _is_one(replies: Any) -> bool:
    return isinstance(replies, list) and len(replies) == 1


def _is_weighed(choice: Any) -> bool:
    """Whether it is a log-likelihood with whether greedy decoding would say so."""
    if not isinstance(choice, list) or len(choice) != 2:
        return False
    try:
        float(choice[0])
    except (TypeError, ValueError):
        return False
    return str(choice[1]) in ("True", "False")


def _likeliest(choices: list[list[Any]], arguments: Any) -> str:
    """The first of the likeliest continuations; its letter, where the sample does not say what they were."""
    weights = [float(weight) for weight, _greedy in choices]
    at = weights.index(max(weights))
    said = arguments.get(f"gen_args_{at}") if isinstance(arguments, dict) else None
    continuation = said.get("arg_1") if isinstance(said, dict) else None
    if isinstance(continuation, str):
        return continuation
    return ascii_uppercase[at] if at < len(ascii_uppercase) else ""
