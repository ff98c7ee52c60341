"""Which program wrote a record, told by the names of its fields, and how its records are read."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from scoring.answers import every_eval_ever, lm_eval, native, plain, robustmad, vlmevalkit
from scoring.answers.asked import Asked, take
from scoring.answers.fields import FieldError
from scoring.answers.json_records import MOST_FLAWS, Record
from scoring.answers.one_object import has_plain
from scoring.answers.sheet import SheetWriter
from scoring.errors import Problem

Take = Callable[[Record, SheetWriter], None]


@dataclass(frozen=True, slots=True)
class Family:
    """Records of one program. Where `nan_is_empty`, it writes NaN for what is not there."""

    name: str
    read_record: Take
    nan_is_empty: bool = False

    def flaws_of(self, record: Record) -> tuple[Problem, ...]:
        """What is wrong with the record as such, for this program's."""
        if not self.nan_is_empty or len(record.flaws) >= MOST_FLAWS:
            return record.flaws
        nan = ("not-json-number", "NaN")
        return tuple(flaw for flaw in record.flaws if (flaw.code, flaw.params.get("quote")) != nan)


def _reader(asked_of: Callable[[Mapping[str, Any]], Asked]) -> Take:
    def read_record(record: Record, writer: SheetWriter) -> None:
        if not isinstance(record.value, dict):
            writer.problems.add(Problem("not-an-object", record.line))
            return
        try:
            asked = asked_of(record.value)
        except FieldError as error:
            writer.problems.add(Problem(error.code, record.line, error.field))
            return
        take(_settled(asked, writer), record.line, writer)

    return read_record


def _settled(asked: Asked, writer: SheetWriter) -> Asked:
    """A kind tells questions apart where it is one of the benchmark's; a number that is an id is one."""
    if asked.kind is not None and asked.kind not in writer.release.definition.raw_type_of:
        asked = asked._replace(kind=None)
    return asked


VLMEVALKIT = Family("vlmevalkit", _reader(vlmevalkit.asked_of), nan_is_empty=True)
LM_EVAL = Family("lm-eval", _reader(lm_eval.asked_of))
LMMS_EVAL = Family("lmms-eval", _reader(lm_eval.asked_of))
ROBUSTMAD = Family("robustmad", _reader(robustmad.asked_of))
EVERY_EVAL_EVER = Family("every-eval-ever", _reader(every_eval_ever.asked_of))
NATIVE = Family("native", native.read_record)
PLAIN = Family("plain", plain.read_record)
PLAIN_ROW = Family("plain", plain.read_row)

# Every record that can be read, but lm-eval's, has one of these fields with neither a list nor an object in it.
_PLAIN_FIELDS = (
    *("question_id", "answer", "image", "question", "gpt_answer"),  # ours and the authors'
    *("index", "prediction", "sample_id", "image_path", "mslm_answer", "raw_response"),
)


def of_harness(names: Collection[str]) -> Family | None:
    """The harness that gives its records fields of these names."""
    if lm_eval.claims(names):
        return LMMS_EVAL if lm_eval.name_of(names) == "lmms-eval" else LM_EVAL
    if every_eval_ever.claims(names):
        return EVERY_EVAL_EVER
    if robustmad.claims(names):
        return ROBUSTMAD
    return VLMEVALKIT if vlmevalkit.claims(names) else None


def may_be_record(fields: Mapping[str, Any]) -> bool:
    """Whether an object with these fields may be a record of any family; False only where none can read it."""
    return lm_eval.claims(fields) or has_plain(fields, _PLAIN_FIELDS)


def of_record(value: Any) -> Family:
    """The family of a JSON file whose first record this is."""
    if not isinstance(value, dict):
        return PLAIN
    return of_harness(value) or (PLAIN if "question_id" in value else NATIVE)


def of_columns(names: Collection[str]) -> Family | None:
    """The family of a table with these columns, among others; None when they say too little."""
    if family := of_harness(names):
        return family
    if set(plain.HEADER) <= set(names):
        return PLAIN_ROW
    return NATIVE if set(native.FIELDS) <= set(names) else None
