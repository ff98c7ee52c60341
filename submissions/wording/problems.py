"""What is wrong at one place of a file, by the codes of scoring, and what to do about it."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from submissions.wording.refusals import REFUSALS

# What is wrong and what to do about it. Of several sentences the first counts whose names are all given: the more
# scoring can tell, the more is said. `{image}#{question}` is a question's id, in an organizer's mmad.json.
PROBLEMS: Mapping[str, Sequence[str | Promise]] = {
    # The file as a whole
    "too-much-memory": (
        _(
            "Reading this file takes more memory than any answer file needs. Keep one short record a question."
        ),
    ),
    "too-much-time": (
        _("Reading this file takes longer than any answer file needs. Keep one short record a question."),
    ),
    **{
        code.removeprefix("file-"): (REFUSALS[code],)
        for code in (
            "file-empty",
            "file-pickle",
            "file-image",
            "file-utf-16",
            "file-archive",
            "file-nested-archive",
            "file-damaged-gzip",
            "file-old-spreadsheet",
            "file-unknown-format",
        )
    },
    "too-large": (
        _("The file is larger than {largest} bytes. Leave out what is not asked for, and send it again."),
    ),
    "expands-too-far": (
        _(
            "Unpacked, the file would be larger than {largest} bytes or than {ratio} times its packed size. Answer "
            "files never are: look at what was compressed."
        ),
        _("Unpacked, the file would be larger than {largest} bytes: look at what was compressed."),
    ),
    "invalid-utf-8": (_("The text here is not UTF-8. Save the file as UTF-8 and send it again."),),
    "truncated-json": (
        _("The JSON ends too early ({reason}): the file was cut short. Write it anew and send it whole."),
    ),
    "malformed-json": (
        _("This is not valid JSON: {reason}. Write the file with a JSON library rather than by hand."),
    ),
    "malformed-csv": (
        _(
            "This is not valid CSV: {reason}. Look for a quotation mark that is never closed, or write it anew."
        ),
    ),
    "one-object": (
        _(
            "The file is one JSON object, with a list in “{list}”. Send that list alone, without the object around it, "
            "and like this: {shape}"
        ),
        _(
            "The file is one JSON object that gives each name a value, such as “{name}”. Send a list with a record for "
            "each of them: {shape}"
        ),
        _("The file is one JSON object. Send a list of records: {shape}, or one record on each line."),
    ),
    "nested-too-deep": (
        _("Lists or objects are nested too deep here. Records hold plain text: send them without more."),
    ),
    "record-too-long": (
        _("{image}#{question}: “{field}” has {found} characters, and {most} are allowed."),
        _("This record is longer than any answer is. Look for a bracket or a line break that is missing."),
    ),
    "missing-header": (_("The first line, “{found}”, is an answer already. Put the line {expected} first."),),
    "wrong-separator": (
        _(
            "The first line reads “{found}”. Use commas, semicolons or tabs between the fields; the line {expected} "
            "will do."
        ),
    ),
    "wrong-columns": (
        _("The columns are “{found}”. The first line has to be {boxes_expected}, and nothing else."),
        _(
            "The columns are “{found}”. Needed are question_id and answer, or those that VLMEvalKit, lmms-eval, "
            "lm-evaluation-harness or the benchmark’s own scripts write; the line {expected} will do."
        ),
    ),
    "duplicate-column": (_("Two columns are called “{column}”. Give one of them another name."),),
    "too-many-columns": (
        _("The table has {found} columns, and {most} are allowed. Leave out what is not asked for."),
    ),
    "truncated-table": (
        _(
            "The last line ends in the middle: the file was cut short. Send it whole; where the last answer is empty, "
            "end its line with a line break."
        ),
    ),
    "damaged-workbook": (
        _(
            "This .xlsx cannot be read: {reason}. Open it in a spreadsheet program and save it anew, or send the table "
            "as CSV."
        ),
    ),
    "no-sheet": (
        _(
            "This file has no sheet with a table that can be seen. Documents are not read; of a workbook, show the "
            "sheet with the answers."
        ),
    ),
    "several-sheets": (
        _("Several sheets hold something: {sheets}. Keep the one with the answers, or hide the others."),
    ),
    "formula": (
        _(
            "There is a formula in the column “{column}”. Put its values in its place (in Excel: copy, then paste "
            "values), or leave the column out."
        ),
    ),
    "merged-cells": (_("Cells are merged here. Unmerge them, and write every answer in a cell of its own."),),
    "damaged-parquet": (
        _("This Parquet file cannot be read: {reason}. Write it anew, or send the table as CSV."),
    ),
    "wrong-number-of-fields": (
        _(
            "Fields needed on each line: {expected}; found on this one: {found}. Put text that holds a comma in "
            "quotation marks."
        ),
    ),
    "too-many-records": (
        _(
            "The file has far more records than the benchmark’s {images} images, so reading stopped here. Send one "
            "record for each image."
        ),
        _(
            "The file has far more records than the benchmark’s {questions} questions, so reading stopped here. Send "
            "one record for each question."
        ),
    ),
    "too-few-records": (
        _(
            "Only {present} of {images} images have a record, and {minimum} are needed. Add the others, with an empty "
            "reply where the model gave none."
        ),
        _(
            "Only {present} of {questions} questions have a record, and {minimum} are needed. Add the others, with an "
            "empty answer where the model gave none, or send the file as partial. Complete subtasks: {complete}."
        ),
        _(
            "Only {present} of {questions} questions have a record, and {minimum} are needed. Add the others, with an "
            "empty answer where the model gave none. No subtask is complete enough to be sent as partial."
        ),
    ),
    "unknown-frame": (
        _("“{frame}” is no frame that boxes may stand in. Known are: {known}. Say which one the file uses."),
    ),
    "sizes-unknown": (
        _(
            "The sizes of this benchmark’s images in pixels are not known, so the frame “{frame}” cannot be used. Give "
            "the boxes in one of these: {known}."
        ),
    ),
    "unknown-subtask": (
        _("“{subtask}” is not a subtask of this benchmark. Send it again and choose from those listed."),
    ),
    # One record
    "not-an-object": (
        _("{image}#{question}: the question is not an object. Take mmad.json as its authors publish it."),
        _("This record is not an object with named fields. Write each as {example}."),
        _('This record is not an object with named fields. Write each as {{"question_id": …, "answer": …}}.'),
    ),
    "missing-field": (
        _("{image}#{question}: the field “{field}” is missing. Take mmad.json as its authors publish it."),
        _("The field “{field}” is missing. Each record looks like {example}, even where the reply is empty."),
        _("The field “{field}” is missing. Each record needs it, even where the answer is empty."),
    ),
    "unexpected-field": (
        _("The field “{field}” is not known. Plain records hold question_id and answer and nothing else."),
    ),
    "wrong-type": (
        _("{image}#{question}: “{field}” is of the wrong type. Take mmad.json as its authors publish it."),
        _("“{field}” is of the wrong type. It has to be text; an answer may also be null."),
    ),
    "duplicate-key": (
        _("{image}#{question}: “{key}” is written twice in one object. Keep one of the two."),
        _("{image}: “{key}” is written twice in one object. Keep one of the two."),
        _("“{quote}” is written twice in this record. Keep one of the two."),
    ),
    "not-json-number": (
        _("{quote} is no JSON. Where the model gave no answer, write an empty text or null."),
    ),
    "number-too-long": (
        _("A number here has more digits than any question needs: {quote}. Answers are letters or text."),
    ),
    "unpaired-surrogate": (
        _(
            "The text here holds half of a character ({quote}). Write the file as UTF-8, without cutting its text."
        ),
    ),
    "control-character": (
        _("{image}#{question}: “{field}” holds a character that cannot be stored. Remove it."),
        _(
            "The id “{question_id}” holds a character that cannot be seen. Take ids as the questions have them."
        ),
        _("The path “{image}” holds a character that cannot be seen. Take paths as the questions have them."),
        _("There is a NUL character here. Remove it: text files hold none."),
    ),
    "unknown-question": (
        _("No image “{path}” is in this benchmark. Take its path as the benchmark’s images have it."),
        _("No question has the id “{question_id}”. Take ids from this benchmark’s current questions."),
        _(
            "“{image}” has the question “{question}”, but not of the type “{question_type}”. Take image, question and "
            "type as the questions have them."
        ),
        _(
            "“{image}” has no question “{question}”. Take its wording as the questions have it, without the options."
        ),
        _("No image “{image}” is in this benchmark. Take its path as the questions have it."),
    ),
    "question-not-named": (
        _(
            "This record does not say which question it answers: it has neither question_id nor an image and a "
            "question. The task files in deploy/harness make a harness write them."
        ),
    ),
    "duplicate-question": (
        _("“{question_id}” was answered by record {first_record} already. Keep one of the two records."),
        _("“{question_id}” was answered on line {first_line} already. Keep one of the two records."),
    ),
    "options-differ": (
        _(
            "The options shown here for “{question_id}” are not the question’s own, so a letter cannot be read. Show "
            "all of its options, in any order."
        ),
    ),
    "letter-outside-options": (
        _(
            "“{question_id}” has the options A to {last_option}, and the answer is “{answer}”. Send one of them, or an "
            "empty answer where the model gave none."
        ),
    ),
    # An organizer's release
    "wrong-definition": (
        _(
            "The benchmark’s definition cannot be used: {reason}. Correct its scoring/benchmarks/<name>/benchmark.toml."
        ),
    ),
    "unknown-benchmark": (_("There is no benchmark “{slug}” in scoring/benchmarks. Add its folder first."),),
    "damaged-release": (_("The stored release is damaged. Import the questions once more."),),
    "empty-release": (_("The file holds no questions. Take mmad.json as its authors publish it."),),
    "bad-number": (
        _("{image}#{question}: a number is none that JSON knows, or has very many digits. Correct it."),
        _("{image}: a number is none that JSON knows, or has very many digits. Correct it."),
    ),
    "unknown-source-dataset": (
        _(
            "{image}: “{found}” is no source dataset of this benchmark. Known are: {known}. "
            "Correct the path’s first part."
        ),
    ),
    "wrong-templates": (
        _("{image}: “{field}” has to be a list of paths, each of 1 to 300 characters that can be seen."),
    ),
    "no-conversation": (_("{image}: there is no list “conversation”. Every image needs one."),),
    "empty-text": (_("{image}#{question}: “{field}” holds an empty text. Fill it in."),),
    "unknown-type": (
        _(
            "{image}#{question}: the type “{type}” belongs to no subtask. Known are: {known}. Correct it; "
            "docs/organizers.md says what the file looks like."
        ),
    ),
    "wrong-number-of-options": (
        _("{image}#{question}: there are {found} options; from {least} to {most} are allowed. Correct them."),
    ),
    "options-not-lettered-from-a": (
        _("{image}#{question}: the options are lettered “{found}”. Letter them from A without a gap."),
    ),
    "answer-not-among-options": (
        _("{image}#{question}: the answer is none of the options. Correct the one or the other."),
    ),
    # A benchmark's folder; whoever shows these names file and line before them
    "annotations-missing": (
        _("There are no annotations in this folder. Each category needs a file such as {wanted}."),
    ),
    "annotations-malformed": (_("This cannot be read: {reason}."),),
    "wrong-annotation": (_("{record}: {reason}."),),
    "wrong-setting": (
        _("{key}: {reason}. docs/benchmarks.md has every key, and what it may be."),
        _("This is not valid TOML: {reason}."),
    ),
    "unknown-table": (
        _("The name of a table has to end in one of {known}, so that it is clear how to read it."),
    ),
    "table-missing": (_("The file cannot be read: {reason}. Put it beside benchmark.toml."),),
    "folder-missing": (
        _(
            "The file cannot be read: {reason}. A benchmark’s folder begins with it: docs/benchmarks.md says how."
        ),
    ),
    "table-too-large": (_("The file is larger than {largest} bytes."),),
    "table-not-utf-8": (_("The text here is not UTF-8. In Excel, save it as “CSV UTF-8”."),),
    "table-malformed": (_("This cannot be read as a table: {reason}."),),
    "table-fields": (
        _(
            "There are {found} fields on this line, and the header has {expected}. Put text that holds a comma in "
            "quotation marks."
        ),
    ),
    "empty-table": (_("There is no question in it."),),
    "column-repeated": (_("Two columns are called “{column}”. Rename one of them."),),
    "column-missing": (_("There is no column “{column}”. Add it, or correct the name in the header."),),
    "cell-empty": (_("“{column}” is empty here. Fill it in."),),
    "cell-too-long": (_("“{column}” has {found} characters, and {most} are allowed."),),
    "cell-unshowable": (_("“{column}” holds a character that cannot be seen or stored. Remove it."),),
    "question-repeated": (
        _("“{question_id}” stands on line {first_line} already. Each question has an id of its own, once."),
    ),
    "value-unknown": (
        _(
            "The {column} “{found}” is not among those in benchmark.toml: {known}. Correct the one or the other."
        ),
    ),
    "options-lettered": (
        _(
            "The options are neither a list nor an object with the letters from A to Z. Write them as one of these."
        ),
    ),
    "options-gap": (
        _("Option {letter} is empty, and a later one is not. Letter the options from A without a gap."),
    ),
    "options-count": (
        _(
            "There are {found} options; benchmark.toml allows from {least} to {most} (options_minimum, "
            "options_maximum)."
        ),
    ),
    "truth-missing": (_("“{question_id}” has no answer. Add a line with its id to the truth."),),
    "truth-unknown": (_("No question is called “{question_id}”. Correct the id, or remove the line."),),
    "truth-no-option": (
        _(
            "The answer to “{question_id}” is not the letter of one of its options. Correct it (it is not shown here)."
        ),
    ),
    "truth-abnormal": (
        _(
            "“abnormal” of “{question_id}” is neither true nor false. A balanced subtask needs it for each question."
        ),
    ),
    "column-cluster": (
        _(
            "Error bars of a benchmark of boxes take each image for itself, so a column “cluster” would mean nothing. "
            "Remove it."
        ),
    ),
    "cell-no-size": (_("“{column}” is no whole number of pixels from 1 to 999999. Correct it."),),
    "size-not-resized": (
        _(
            "“resized_width” and “resized_height” are those of the image with its short edge {wanted} pixels long, and "
            "here it is {found}. The image’s own size belongs into “width” and “height”."
        ),
    ),
    "size-missing": (
        _("“{question_id}” has no width and height. Boxes in the frame {frame} cannot be placed without."),
    ),
    "canvas-missing": (
        _(
            "“{question_id}” has neither width and height nor resized_width and resized_height. Give it one pair: "
            "boxes in other frames than {frame} cannot be placed without."
        ),
    ),
    "truth-anomalous": (_("“anomalous” of “{question_id}” is neither true nor false."),),
    "truth-boxes": (_("The boxes of “{question_id}”: {reason}. Correct them (they are not shown here)."),),
    "no-true-box": (
        _(
            "No image has a box, so that nothing could be located. Give at least one, or ask with options instead of "
            "boxes."
        ),
    ),
    "cluster-split": (
        _(
            "“{cluster}” belonged to another source dataset or category on line {first_line}. All questions of an "
            "image or cluster belong to one of each."
        ),
    ),
}

# Where in a JSON list, before any of these sentences; the more scoring can tell, the more is said.
IN_RECORD: Sequence[str | Promise] = (
    _("Record {record_number} (“{record_name}”): {problem}"),
    _("Record {record_number}: {problem}"),
)
