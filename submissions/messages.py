"""The sentences that people read. Codes come from scoring and from refusals; somebody reads them at midnight."""

from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scoring.errors import ReleaseError
from submissions.ui import format as figures

SHOWN_PROBLEMS = 20  # of an organizer's file, on the console

REFUSALS: Mapping[str, str | Promise] = {
    "benchmark-closed": _("{benchmark} is closed for submissions at present."),
    "benchmark-not-yet": _("{benchmark} takes submissions from {opens_at}."),
    "benchmark-over": _("{benchmark} took submissions until {closes_at}."),
    "benchmark-without-release": _(
        "{benchmark} does not take submissions yet: its organizer has still to import the questions."
    ),
    "unknown-subtask": _("“{subtask}” is not a subtask of this benchmark. Known are: {known}."),
    "another-kind": _(
        "{slug} is a benchmark of {known}, and this release is one of {found}. Give it another slug with --slug."
    ),
    "unknown-frame": _("“{frame}” is no frame that boxes may stand in. Known are: {known}."),
    "frame-without-boxes": _(
        "{benchmark} asks for no boxes, so a file for it has no frame. Leave frame out."
    ),
    "entry-settings": _(
        "Your team’s entry “{entry}” exists with {field} = {known}, and this upload says {declared}. Settings stay "
        "as they are, so that the board compares like with like: send it under another entry name, or leave the "
        "setting out."
    ),
    "entry-name-taken": _("Your team has an entry “{entry}” on this benchmark already. Choose another name."),
    "quota-daily": _(
        "Your team’s submissions of today are used up ({limit} a day of UTC). The next can be sent from {renews_at}."
    ),
    "quota-total": _("Your team’s submissions on this benchmark are used up ({limit} in all)."),
    "idempotency-key-unreadable": _(
        "The Idempotency-Key has to be 1 to {most} printable ASCII characters, such as the id of the pipeline’s run."
    ),
    "idempotency-key-reused": _(
        "The Idempotency-Key “{key}” was used for another file, or with other fields. Send this upload under a key of "
        "its own."
    ),
    "idempotency-key-in-flight": _(
        "An upload under the Idempotency-Key “{key}” is being taken in right now. Send it again in {seconds} s: the "
        "answer will be that upload’s."
    ),
    "public-entries": _(
        "Your team’s public entries on this benchmark are used up ({used} of {limit}). Withdraw what is public of one "
        "of them, or keep this one private."
    ),
    "no-form": _(
        "The body is not a form (its Content-Type: {found}). Send the file as the form field “file”: "
        'curl -F file=@answers.csv -F entry="my model" …; with curl, leave --data and --data-binary out.'
    ),
    "unreadable-form": _(
        "The form cannot be read. Send the file as the form field “file”: curl -F file=@answers.csv "
        '-F entry="my model" …; set no Content-Type by hand, because it has to name the form’s boundary.'
    ),
    "file-missing": _("No file came with this request. Send it as the form field “file”."),
    "file-too-large": _(
        "The file is larger than {limit} MiB. Compress it with gzip: answer files shrink tenfold."
    ),
    "file-empty": _("The file is empty."),
    "file-pickle": _(
        "This is a Python pickle, which can run code when it is opened. Where you made it, turn its table into CSV: "
        'python -c "import pandas, sys; pandas.read_pickle(sys.argv[1]).to_csv(sys.argv[2])" answers.pkl answers.csv. '
        "VLMEvalKit writes tables itself with PRED_FORMAT=tsv."
    ),
    "file-image": _("This is an image, not an answer file. Send the answers as CSV, JSONL or JSON."),
    "file-utf-16": _(
        "The file is written in UTF-16. Save it as UTF-8 (in Excel: “CSV UTF-8”) and send it again."
    ),
    "file-archive": _(
        "This is an archive. Send the answer file itself, plain or compressed with gzip; of spreadsheets, .xlsx is "
        "read."
    ),
    "file-nested-archive": _(
        "This is an archive within a gzip file. Compress the answer file itself, once, with gzip; send .xlsx and "
        "Parquet, which are compressed already, as they are."
    ),
    "file-old-spreadsheet": _(
        "This is an old Excel file (.xls), or one with a password. Save it as .xlsx without a password, or as CSV."
    ),
    "file-damaged-gzip": _(
        "The gzip file is damaged or cut short. Compress the answer file again, or send it as it is."
    ),
    "file-unknown-format": _(
        "This is not a format that we read. Known are CSV and TSV with the columns question_id and answer, JSONL, a "
        "JSON list, .xlsx, Parquet, and what MMAD’s own scripts, VLMEvalKit, lmms-eval and lm-evaluation-harness write."
    ),
    "no-team": _(
        "You are in no team yet that sends answers. Make one first, or restore one that is archived."
    ),
    "team-archived": _(
        "Team “{team}” is archived and sends nothing more. An owner can restore it on its page."
    ),
    "which-team": _("You are in several teams ({teams}). Say which one sends this, in the field “team”."),
    "unknown-team": _("You are in no team “{team}”."),
    "token-may-not-submit": _(
        "This token may only read. Make one with the scope “submit” on your team’s page."
    ),
    "token-for-others": _(
        "This token is for {known} alone, not for {benchmark}. Make one for {benchmark} on your team’s page."
    ),
    "token-rotated": _(
        "This token was rotated already: another of its name has taken its place. If that one is lost, revoke it on "
        "your team’s page and make a new one."
    ),
    "token-over": _("This token has ended or was revoked: make a new one on your team’s page."),
    "token-minted": _(
        "This token was got by a trusted publisher for one job, and cannot be rotated: exchange another identity token."
    ),
    "too-many-mints": _("More than {limit} identity tokens in a minute. Try again in {seconds} seconds."),
    "identity-body-unreadable": _(
        "The body cannot be read. Send the header Content-Type: application/json and "
        '{{"token": "<identity token>", "team": "<team>", "benchmark": "<benchmark>"}}.'
    ),
    "identity-malformed": _(
        "This is no identity token: it has to be three parts of base64url with a dot between each, the first two JSON "
        "objects. Send what the CI service gave to the job, without quotation marks or a line’s end."
    ),
    "identity-algorithm": _("This identity token is signed by “{found}”. Taken are: {known}."),
    "identity-key-carried": _(
        "This identity token brings the key that it is to be checked with (“{found}” in its header). Keys are taken "
        "from the issuer alone."
    ),
    "identity-critical": _(
        "This identity token asks for an extension (“crit” in its header) that is not known here."
    ),
    "identity-issuer": _(
        "This identity token says that it is from “{found}”. This site takes those of: {known}. Its operator can add "
        "another (VERNIER_OIDC_ISSUERS)."
    ),
    "identity-issuer-silent": _(
        "{issuer}, which signed this identity token, does not answer when asked for its keys. Nothing was used up: try "
        "again in {seconds} s."
    ),
    "identity-issuer-unusable": _(
        "{issuer}, which this identity token names, answers with something else than its keys when asked for them. "
        "Nothing was used up: try again later, and tell the operator of this site if it stays so."
    ),
    "identity-key-unnamed": _(
        "This identity token does not say with which key it is signed (“kid” in its header)."
    ),
    "identity-key-unknown": _(
        "This identity token names the key “{found}”, and {issuer} has none of that name."
    ),
    "identity-key-kind": _(
        "This identity token says that it is signed by {algorithm}, and the key that it names is not for that."
    ),
    "identity-signature": _(
        "The signature of this identity token is wrong: it was changed on its way, or was not made by {issuer}."
    ),
    "identity-claim-missing": _("This identity token does not say its “{claim}”, which is needed."),
    "identity-claim-unreadable": _("The “{claim}” of this identity token is not what it can be."),
    "identity-claims-disagree": _(
        "The “{first}” and the “{second}” of this identity token contradict each other."
    ),
    "identity-expired": _(
        "This identity token ended at {at}. Ask for a new one right before it is exchanged; with GitLab, send from a "
        "job of its own after the long one."
    ),
    "identity-not-yet": _("This identity token holds only from {at}. Is a clock wrong?"),
    "identity-of-the-future": _("This identity token says that it was made at {at}, which is yet to come."),
    "identity-lifetime": _(
        "This identity token lives for longer than {hours} h, which is more than is taken. With GitLab it lives as "
        "long as its job may run: give the job a shorter timeout."
    ),
    "identity-audience": _("This identity token is for “{found}”. Ask for one whose audience is {audience}."),
    "identity-audience-list": _(
        "This identity token is for a list of audiences, any of which could exchange it here. Ask for one whose "
        "audience is {audience} alone."
    ),
    "identity-replayed": _(
        "This identity token was exchanged already, and each can be once. Ask for a new one. If no job of yours did, "
        "somebody has read it: remove the trusted publisher and look at the job’s log."
    ),
    "identity-pull-request-target": _(
        "This job was started by pull_request_target, which anybody can cause by a pull request. Send from a push, a "
        "schedule or by hand."
    ),
    "identity-pull-request": _(
        "This job was started by a pull request ({found}), and its identity token does not tell whether from a fork. "
        "Send from a push, a schedule or by hand."
    ),
    "identity-merge-request": _(
        "This job is of a merge request ({found}), whose code may be a fork’s. Send from a pipeline of a branch or tag."
    ),
    "identity-fork": _(
        "The code of this job is of {found}, a fork, though it runs in {wanted}. Send from a pipeline of the project’s "
        "own branch or tag."
    ),
    "identity-event": _(
        "This job was started by “{found}”, which people can cause who may not write to the repository. Taken are: "
        "{known}."
    ),
    "identity-workflow-elsewhere": _(
        "The CI file of this job is {found}, which is not of its repository {repository}. Let a file of the repository "
        "itself send."
    ),
    "identity-workflow-ref": _(
        "The CI file of this job is of {found}, and the job runs for {wanted}. Both have to be of the same branch or "
        "tag."
    ),
    "identity-reused-workflow": _(
        "This step is in {found}, a reusable workflow from outside {repository} or from another branch of it: people "
        "there could change what it sends. Exchange the identity token in a workflow of the repository itself."
    ),
    "publisher-unknown": _(
        "No team has registered {repository} ({issuer}) as a trusted publisher. Register it on your team’s page, with "
        "its name as it is now."
    ),
    "publisher-for-another": _(
        "{repository} is registered as a trusted publisher, but not for the team and benchmark that this asks for. "
        "Compare both with your team’s page."
    ),
    "publisher-removed": _(
        "The trusted publisher {repository} was removed. Register it anew on your team’s page if it is to send."
    ),
    "publisher-other-owner": _(
        "A trusted publisher of this name is registered for another owner than today’s {owner} (id {found}): the name "
        "was given to somebody else. If the owner is right, remove the publisher on your team’s page and register it "
        "anew."
    ),
    "publisher-other-repository": _(
        "A trusted publisher of this name is registered for another repository than today’s {repository} (id {found}): "
        "that one was deleted or renamed. If this one is right, remove the publisher on your team’s page and register "
        "it anew."
    ),
    "publisher-other-workflow": _(
        "This identity token is of the CI file {found}, and the team registered {wanted}. Send from that file, or "
        "register this one on your team’s page."
    ),
    "publisher-environment-missing": _(
        "This job runs in no environment, and the team registered {wanted}. Write environment: {wanted} at the job."
    ),
    "publisher-other-environment": _(
        "This job runs in the environment {found}, and the team registered {wanted}."
    ),
    "publisher-unproven": _(
        "{workflow} in {repository} is registered, but has never said for which team it sends, and anybody may "
        "register it. Say it once: send “team”, your team’s short name, beside the token. Better send it always."
    ),
    "publisher-ambiguous": _(
        "{workflow} in {repository} is registered for several teams or benchmarks. Say for which this is: send “team” "
        "and “benchmark”, their short names, beside the token."
    ),
    "publisher-team-archived": _("{sentence}"),
    "publisher-team-banned": _("{sentence}"),
    "publisher-benchmark-closed": _("{sentence}"),
    "publisher-benchmark-not-yet": _("{sentence}"),
    "publisher-benchmark-over": _("{sentence}"),
    "publisher-benchmark-without-release": _("{sentence}"),
    "publisher-issuer": _("This site takes no identity tokens of that service. Known are: {known}."),
    "publisher-repository-github": _(
        "A repository at GitHub is an owner and a name with a slash between, such as example/inspector."
    ),
    "publisher-repository-gitlab": _(
        "A project at GitLab is its groups and its name with slashes between, such as example/vision/inspector."
    ),
    "publisher-workflow-github": _(
        "A workflow is the name of a file in .github/workflows, such as submit.yml."
    ),
    "publisher-workflow-gitlab": _("A CI file is a path in the project, such as .gitlab-ci.yml."),
    "publisher-id": _("An id is a number, not a name. Leave it out to have the first run’s taken."),
    "publisher-known": _("Your team has registered exactly this already."),
    "publishers-too-many": _("A team has at most {most} trusted publishers. Remove one that is not needed."),
    "not-by-token": _(
        "This call is about the token that it is sent with, and none came. Send the header Authorization: Bearer vrn_…."
    ),
    "too-many-uploads": _("More than {limit} uploads in a minute. Try again in {seconds} seconds."),
    "too-many-checks": _("More than {limit} files checked in a minute. Try again in {seconds} seconds."),
    "check-busy": _("Other files are being checked at the moment. Try again in {seconds} seconds."),
    "check-not-ready": _("The questions are being made ready for checks. Try again in {seconds} seconds."),
    "check-unfinished": _("The check took too long and was given up. Try again in {seconds} seconds."),
    "too-many-disputes": _("More than {limit} reports in an hour. Try again in {seconds} seconds."),
    "dispute-without-reason": _("Say what is wrong: the organizers go by it."),
    "question-not-asked": _(
        "This question is not in the current release, so there is nothing to report of it."
    ),
    "benchmark-slug": _(
        "“{slug}” cannot be a benchmark’s short name: use letters, digits, - and _, at most 50."
    ),
    "benchmark-name": _(
        "The name has {found} characters. At most {most} are allowed, and none that cannot be shown: choose another."
    ),
    "benchmark-summary": _(
        "The summary has {found} characters. At most {most} are allowed, and none that cannot be shown: choose another."
    ),
    "stand-in-stays": _(
        "The benchmark “{slug}” exists, and of it and this file one is synthetic stand-in data, the other real: they "
        "never share a board. Choose another short name."
    ),
    "no-report": _("There is no report yet: the submission is {status}."),
    "not-scored": _(
        "A rejected, failed or cancelled submission cannot be made public, and only a scored one chosen."
    ),
    "not-queued": _("It is {status} already: only a submission that still waits can be cancelled."),
    "already-withdrawn": _("This submission was withdrawn, and stays so."),
    "not-public-to-choose": _("Make the submission public first: only then can it stand for the entry."),
    "not-public": _("Only a public submission can be withdrawn."),
    "reason-missing": _("Say why it is withdrawn: the reason stands in the entry’s history."),
    "uploads-closed": _("{sentence}"),
    "uploads-not-closed": _("Uploads are not closed."),
    "announcement-over": _("This announcement has ended already."),
    "not-failed": _("Only a failed submission is scored again."),
    "not-yourself": _("Nobody does this to themselves: ask another organizer."),
    "closes-before-it-opens": _("It would close before it opens."),
    "team-banned": _("The organizers take nothing from the team {team} at present. Their reason: {reason}"),
    "not-banned": _("This team is not banned."),
    "not-hidden": _("This entry is not hidden."),
    "too-many-complaints": _(
        "More than {limit} reports in an hour came from here. Try again in {seconds} seconds."
    ),
    "complaint-closed": _("This report was closed already."),
    "alarm-decided": _("This was decided already."),
    "not-verified": _("This entry is not marked as verified."),
    "shows-another": _("The board shows another submission of this entry by now. Look at that one first."),
    "not-under-review": _("This entry is not under review."),
    "decision-without-reason": _("Say why: the reason is told to those whom it concerns."),
    "invitation-ended": _("This invitation has ended or was revoked. Ask the team for a new link."),
    "not-the-draft": _("Release {release} is not the draft of its benchmark any more."),
    "last-owner": _("A team keeps at least one owner. Make somebody else an owner first."),
    "not-to-yourself": _("You own the team already: hand it over to another member."),
    "not-in-the-team": _("They have left the team meanwhile. Nothing was changed."),
    "last-owner-of": _(
        "You are the last owner of {team}, which has other members. Make one of them an owner first."
    ),
    "only-organizer": _(
        "You are the only organizer of this site: without you nobody could act at its desk. Make somebody else one "
        "first."
    ),
    "no-account": _("Nobody here has the e-mail address “{email}”. They sign up and confirm it first."),
    "account-unconfirmed": _(
        "The address “{email}” is not confirmed yet. Its owner opens the link in the mail that came on signing up."
    ),
    "account-inactive": _(
        "The account of “{email}” is switched off. An organizer switches it on at the desk."
    ),
    "not-owner": _("Only an owner of the team can do this."),
    "compare-unreadable": _("“{found}” is not an id."),
    "compare-how-many": _("Name two to six different entries, each once; {found} came."),
    "compare-unknown": _("There is no entry {found} on this board, or it is private."),
    "compare-elsewhere": _("“{name}” is an entry of another benchmark."),
    "compare-not-shown": _("“{name}” is not on the board at present, and only what is on it is compared."),
    "compare-how-many-submissions": _("Name two different submissions, each once; {found} came."),
    "compare-unknown-submission": _(
        "There is no submission {found} on this benchmark, or it is not yours to see. Send a token of its team."
    ),
    "compare-not-scored": _(
        "Submission {found} has no score on the current release, so there is nothing to compare."
    ),
    "compare-on-no-account": _(
        "Of these two at least one does not stand on the board. To have them compared, send a token of your team."
    ),
    "too-many-own-comparisons": _(
        "Your team has begun {limit} comparisons of submissions beside the board today. What was compared before can "
        "be read again; try others in {seconds} seconds."
    ),
    "too-many-comparisons": _("Too many comparisons wait to be computed. Try again in {seconds} seconds."),
    "team-name-taken": _("A team of this short name exists already. Choose another."),
}


def fault(code: str) -> str:
    """Why a file could not be scored against another release."""
    return str(FAULTS.get(code, code))


INVALID_ANSWERS = _("The file would be rejected; problems: {total}.")


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


COMPARISONS: Mapping[str, str | Promise] = {
    "nothing-in-common": _("they answered no subtask in common."),
    "outcomes-missing": _(
        "what one of them got right is not in the store. The organizers find it in the log."
    ),
    "broke-off": _("the work on it broke off three times, and the fault is ours."),
}
FAULTS: Mapping[str, str | Promise] = {
    "too-few-records": _(
        "it has answers to too few of that release's questions; send a file for that release."
    ),
    "answers-missing": _("its answer file is no longer in the store."),
}


def problem(code: str, params: Mapping[str, Any], *, field: str | None = None) -> str:
    """What is wrong at one place of a file, and what to do about it, in the reader's language.

    `field` is the problem's own, for the sentences that name it.
    """
    given = params if field is None else {"field": field, **params}
    for sentence in PROBLEMS.get(code, ()):
        if placeholders(str(sentence)) <= given.keys():
            return str(sentence).format_map(_written(given))
    return gettext("The file is at fault here ({code}).").format(code=code)


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
