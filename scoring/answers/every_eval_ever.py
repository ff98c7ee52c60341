"""Instance-level records of Every Eval Ever, one JSON object a line.

Made for its instance-level schema 0.2.1, and 0.2.2's `evaluation_result_id` (`instance_level_eval.schema.json`):
`sample_id` is the question's id; `input.choices` are the options shown; the reply is the first of `output.raw`, or what
the assistant said last in `messages` (multi-turn and agentic); where there is neither, the value that
`answer_attribution` calls final.
`input.reference` and `evaluation` are ignored. A sample id that is none of ours is looked for by `metadata.image` and
`input.raw`. A run with several results writes each sample once for every one: that is no second answer.
"""

from collections.abc import Collection, Mapping
from typing import Any

from scoring.answers.asked import Asked, split
from scoring.answers.fields import FieldError, first_text, object_of, options_of, text_of


def claims(names: Collection[str]) -> bool:
    return {"sample_id", "evaluation_id"} <= set(names)


def asked_of(value: Mapping[str, Any]) -> Asked:
    """Raises FieldError."""
    about, given = object_of(value, "metadata"), object_of(value, "input")
    sample_id = text_of(value, "sample_id")
    image, question = first_text(about, "image", "image_path"), text_of(given, "raw")
    return Asked(
        reply=_reply(value),
        question_id=sample_id,
        image=image,
        stem=None if question is None else split(question)[0],
        kind=text_of(about, "question_type"),
        options=options_of(given, "choices"),
        source=first_text(value, "evaluation_result_id", "evaluation_name"),
    )


def _reply(value: Mapping[str, Any]) -> str | None:
    said = object_of(value, "output").get("raw")
    if said is None:
        said = [
            message.get("content")
            for message in _objects(value, "messages")
            if message.get("role") == "assistant" and message.get("content")
        ][-1:]
    if not isinstance(said, list) or not all(isinstance(reply, str | None) for reply in said):
        raise FieldError("wrong-type", "output")
    for reply in said:
        return None if reply is None else str(reply)
    final = [step for step in _objects(value, "answer_attribution") if step.get("is_terminal")]
    return text_of(final[-1], "extracted_value") if final else None


def _objects(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise FieldError("wrong-type", name)
    return found
