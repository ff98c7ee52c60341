"""What is said when something is not taken or not done, by the code of a Refusal or of an end."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Why a message to a webhook was not taken.
DELIVERY_REASONS: Mapping[str, str | Promise] = {
    "name-unknown": _("The name leads nowhere: no server of names knows it."),
    "address-refused": _(
        "The name leads to an address that is not on the public internet, or the rules for addresses have changed. "
        "Nothing was sent."
    ),
    "no-connection": _("Nothing listens there, or a firewall lets nobody pass."),
    "tls": _("The server’s certificate is not good for this name, or TLS could not be agreed on."),
    "timeout": _("No whole answer came within ten seconds."),
    "no-answer": _("The connection ended without an answer that could be read."),
    "redirect": _(
        "It answered with a redirect. Redirects are not followed: give the address that it leads to."
    ),
    "gone": _("It answered 410 Gone: nothing more is wanted there."),
    "refused": _("It answered that the message is not taken."),
}

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
    "too-many-tokens": _("A team has at most {most} tokens at once. Revoke one that is not used any more."),
    "too-many-rotations": _(
        "The team has rotated {limit} tokens in an hour, and no job needs more. Try again in {seconds} seconds."
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
        "This identity token does not live for up to {hours} h, which is what is taken. With GitLab it lives as long "
        "as its job may run: give the job a shorter timeout."
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
    "identity-deployment": _(
        "This job is of a deployment that names a commit and no branch or tag, and so it does not tell whose code that "
        "is. Deploy a branch or a tag, or send from a push, a schedule or by hand."
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
    "webhook-url": _(
        "This is no address that messages can be sent to. It looks like https://ci.example.org/hooks/vernier: at most "
        "{most} characters, all of them ASCII, and nothing after a “#”."
    ),
    "webhook-scheme": _("A webhook’s address begins with {schemes}."),
    "webhook-userinfo": _(
        "The address holds a name or a password before an “@”. Leave them out: every message is signed, by which its "
        "receiver knows that it is from here."
    ),
    "webhook-port": _("Messages are sent to the ports 80, 443 and from 1024 on, not to {port}."),
    "webhook-address": _(
        "This address is not on the public internet, and messages are sent nowhere else. The operator can open single "
        "networks."
    ),
    "webhook-known": _("Your team has a webhook to this address for the same already."),
    "webhook-rotated": _(
        "The secret was rotated since this page was drawn, and nothing was changed now. The new one was shown once; if "
        "nobody has copied it, rotate again."
    ),
    "too-many-webhooks": _("A team has at most {most} webhooks. Remove one that is not used any more."),
    "webhook-paused": _("The webhook is paused: resume it first."),
    "webhook-removed": _("The webhook was removed meanwhile."),
    "delivery-in-flight": _("The message is being sent right now. Look again in a few seconds."),
    "too-many-messages": _("More than {limit} messages by hand in an hour. Try again in {seconds} seconds."),
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

INVALID_ANSWERS = _("The file would be rejected; problems: {total}.")

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
