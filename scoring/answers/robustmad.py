"""The answer lists of RobustMAD's authors, `MCQ_<model>.json`, as they publish them with the benchmark (2025).

A record has `image_path`, `reference_image_path`, `difficulty`, `robustness_category`, `question_id` (their number),
`question` (without its options), `answer` (the right letter, which is ignored), `mslm_answer` and `raw_response`.
`mslm_answer`, the letter that the authors score, is the answer, so that a list scores what its authors say of it;
where there is none, the reply is `raw_response`.
"""

from collections.abc import Collection, Mapping
from typing import Any

from scoring.answers.asked import Asked, split
from scoring.answers.fields import FieldError, text_of


def claims(names: Collection[str]) -> bool:
    return not {"mslm_answer", "raw_response"}.isdisjoint(names)


def asked_of(value: Mapping[str, Any]) -> Asked:
    """Raises FieldError."""
    for name in ("image_path", "question"):
        if name not in value:
            raise FieldError("missing-field", name)
    return Asked(
        reply=text_of(value, "mslm_answer") or text_of(value, "raw_response"),
        number=text_of(value, "question_id"),
        image=text_of(value, "image_path"),
        stem=split(text_of(value, "question") or "")[0],
        kind=text_of(value, "robustness_category"),
    )
