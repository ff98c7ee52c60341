"""The sentences that people read. Codes come from scoring and from refusals; somebody reads them at midnight."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

REFUSALS: Mapping[str, str | Promise] = {
    "benchmark-closed": _("{benchmark} is closed for submissions at present."),
    "benchmark-without-release": _(
        "{benchmark} does not take submissions yet: its organizer has still to import the questions."
    ),
    "unknown-subtask": _("“{subtask}” is not a subtask of this benchmark. Known are: {known}."),
    "entry-settings": _(
        "Your team's entry “{entry}” exists with {field} = {known}, and this upload says {declared}. Settings stay "
        "as they are, so that the board compares like with like: send it under another entry name, or leave the "
        "setting out."
    ),
    "quota-daily": _(
        "Your team has used its {limit} submissions of today. The next ones can be sent from {renews_at}."
    ),
    "quota-total": _("Your team has used all of its {limit} submissions on this benchmark."),
    "file-missing": _("No file came with this request. Send it as the form field “file”."),
    "file-too-large": _(
        "The file is larger than {limit} MiB. Compress it with gzip: answer files shrink tenfold."
    ),
    "file-empty": _("The file is empty."),
    "file-pickle": _(
        "This is a Python pickle, which can run code when it is opened. Save the answers as CSV, JSONL or JSON."
    ),
    "file-image": _("This is an image, not an answer file. Send the answers as CSV, JSONL or JSON."),
    "file-utf-16": _(
        "The file is written in UTF-16. Save it as UTF-8 (in Excel: “CSV UTF-8”) and send it again."
    ),
    "file-archive": _("This is an archive. Send the answer file itself, plain or compressed with gzip."),
    "file-unknown-format": _(
        "This is not a format that we read. Known are CSV with the header question_id,answer, JSONL, a JSON list, "
        "and the list that MMAD's own scripts write, each also compressed with gzip."
    ),
    "no-team": _("You are in no team yet. Make one first: answers are sent by teams."),
    "which-team": _("You are in several teams ({teams}). Say which one sends this, in the field “team”."),
    "unknown-team": _("You are in no team “{team}”."),
    "token-may-not-submit": _(
        "This token may only read. Make one with the scope “submit” on your team's page."
    ),
    "too-many-uploads": _("More than {limit} uploads in a minute. Try again in {seconds} seconds."),
    "too-many-reads": _("More than {limit} requests in a second. Slow down a little."),
    "no-report": _("There is no report yet: the submission is {status}."),
    "not-scored": _("Only a scored submission can be made public or chosen."),
    "already-withdrawn": _("This submission was withdrawn, and stays so."),
    "not-public-to-choose": _("Make the submission public first: only then can it stand for the entry."),
    "not-public": _("Only a public submission can be withdrawn."),
    "reason-missing": _("Say why it is withdrawn: the reason stands in the entry's history."),
    "invitation-ended": _("This invitation has ended or was revoked. Ask the team for a new link."),
    "last-owner": _("A team keeps at least one owner. Make somebody else an owner first."),
    "not-owner": _("Only an owner of the team can do this."),
    "team-name-taken": _("A team of this short name exists already. Choose another."),
}


def refusal(code: str, params: Mapping[str, Any]) -> str:
    """What a Refusal says, in the reader's language."""
    return str(REFUSALS[code]).format_map(_Lenient(params))


class _Lenient(dict[str, Any]):
    """Leaves a name that was not given as it stands, so that a sentence never fails to be said."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def problem(code: str, params: Mapping[str, Any]) -> str:
    """What is wrong at one place of an answer file, and what to do about it, in the reader's language."""
    sentence = PROBLEMS.get(code)
    if sentence is None:
        return gettext("The file is at fault here ({code}).").format(code=code)
    return str(sentence).format_map(_Lenient(params))


PROBLEMS: Mapping[str, str | Promise] = {}
