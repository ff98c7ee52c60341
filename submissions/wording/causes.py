"""What is wrong with a whole file in a few words, for a list with counts, and the ways out of it."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CAUSES: Mapping[str, str | Promise] = {
    "empty": _("the file is empty"),
    "too-much-memory": _("a file that takes too much memory"),
    "too-much-time": _("a file that takes too long to read"),
    "pickle": _("a Python pickle"),
    "image": _("an image"),
    "utf-16": _("UTF-16 instead of UTF-8"),
    "archive": _("an archive"),
    "nested-archive": _("an archive within gzip"),
    "damaged-gzip": _("a damaged gzip file"),
    "unknown-format": _("a format that is not read"),
    "old-spreadsheet": _("an old Excel file, or one with a password"),
    "too-large": _("too large"),
    "expands-too-far": _("too large when unpacked"),
    "invalid-utf-8": _("text that is not UTF-8"),
    "truncated-json": _("JSON that ends too early"),
    "malformed-json": _("invalid JSON"),
    "malformed-csv": _("invalid CSV"),
    "one-object": _("one JSON object in place of a list"),
    "nested-too-deep": _("nested too deep"),
    "record-too-long": _("a record without end"),
    "missing-header": _("no header line"),
    "wrong-separator": _("a separator that is not known"),
    "wrong-columns": _("columns that are not known"),
    "duplicate-column": _("two columns of one name"),
    "too-many-columns": _("far too many columns"),
    "truncated-table": _("a table that ends too early"),
    "damaged-workbook": _("a damaged .xlsx"),
    "no-sheet": _("no sheet with a table"),
    "several-sheets": _("several sheets"),
    "formula": _("formulas in place of values"),
    "merged-cells": _("merged cells"),
    "damaged-parquet": _("a damaged Parquet file"),
    "wrong-number-of-fields": _("lines with too few or too many fields"),
    "too-many-records": _("far more records than questions"),
    "too-few-records": _("too few questions have a record"),
    "unknown-frame": _("a frame of boxes that is not known"),
    "sizes-unknown": _("boxes in pixels of images whose sizes are not known"),
    "unknown-subtask": _("a subtask that is not known"),
    "not-an-object": _("records that are not objects"),
    "missing-field": _("a field is missing"),
    "unexpected-field": _("a field that is not known"),
    "wrong-type": _("a value of the wrong type"),
    "duplicate-key": _("a field written twice in one record"),
    "not-json-number": _("NaN or Infinity"),
    "number-too-long": _("a number of very many digits"),
    "unpaired-surrogate": _("half of a character"),
    "control-character": _("a character that cannot be seen"),
    "unknown-question": _("no such question"),
    "question-not-named": _("records that do not name their question"),
    "duplicate-question": _("a question answered twice"),
    "options-differ": _("options that are not the question’s"),
    "letter-outside-options": _("a letter that is no option"),
}

_TAKE_IDS = _(
    "Download the current questions from the benchmark’s page and take ids, paths and wording from there: a file made "
    "for another benchmark or an older release does not match."
)
_ONE_EACH = _("Write one record for each question; where the model gave no answer, leave the answer empty.")
_WRITE_ANEW = _("Write the file anew with a CSV or JSON library, and compare it with the sample answer file.")
ADVICE: Mapping[str, str | Promise] = {
    "unknown-question": _TAKE_IDS,
    "options-differ": _TAKE_IDS,
    "control-character": _TAKE_IDS,
    "duplicate-question": _ONE_EACH,
    "too-many-records": _ONE_EACH,
    "letter-outside-options": _ONE_EACH,
    "not-json-number": _ONE_EACH,
    "too-few-records": _(
        "Add the questions that are missing. A file that is about some subtasks alone can be sent as partial, if those "
        "are complete."
    ),
    "missing-header": _("Put the line question_id,answer first, and send the file again."),
    "wrong-separator": _(
        "Use commas: save the table as “CSV (comma-separated)”, or write it with a CSV library’s defaults."
    ),
    "wrong-columns": _("Name two columns question_id and answer, and send the file again."),
    "one-object": _("Write a JSON list of records, or one record on each line, with nothing around it."),
    "question-not-named": _(
        "Ask the questions with the task files in deploy/harness, which write each question’s id beside the reply."
    ),
    **dict.fromkeys(
        (
            "truncated-json",
            "malformed-json",
            "malformed-csv",
            "nested-too-deep",
            "record-too-long",
            "wrong-number-of-fields",
            "not-an-object",
            "missing-field",
            "unexpected-field",
            "wrong-type",
            "duplicate-key",
            "number-too-long",
            "unpaired-surrogate",
            "invalid-utf-8",
            "damaged-gzip",
            "damaged-workbook",
            "damaged-parquet",
            "truncated-table",
            "duplicate-column",
            "too-many-columns",
        ),
        _WRITE_ANEW,
    ),
}

_TAKE_PATHS = _("Download the images’ paths from the benchmark’s page, and take them as they stand there.")
_ONE_EACH_IMAGE = _("Write one record for each image; where the model gave no answer, leave the reply empty.")
_IMAGE_REPLY = _("Put the line image,reply first, and send the file again.")
# In place of these, where answers are boxes.
BOX_ADVICE: Mapping[str, str | Promise] = {
    "unknown-question": _TAKE_PATHS,
    "control-character": _TAKE_PATHS,
    "duplicate-question": _ONE_EACH_IMAGE,
    "too-many-records": _ONE_EACH_IMAGE,
    "not-json-number": _ONE_EACH_IMAGE,
    "too-few-records": _("Add the images that are missing, with an empty reply where the model gave none."),
    "missing-header": _IMAGE_REPLY,
    "wrong-columns": _IMAGE_REPLY,
    "unknown-frame": _("Choose the frame that the boxes of the file stand in, and send it again."),
    "sizes-unknown": _("Write the boxes in another frame, and say which when you send the file."),
}
