"""Shapes of the write API: what comes in, what goes out."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from submissions import askers, messages, names, provenance
from submissions.forms import SETTING_CHOICES
from submissions.models import Entry, Submission

VISIBILITIES = ("private", "public")
CSRF_FIELD = "csrfmiddlewaretoken"


def _listing(values: Iterable[str]) -> dict[str, Any]:
    """The error messages of a field that takes one of a few values."""
    known = ", ".join(values)
    return {
        "invalid_choice": format_lazy(_("“{{input}}” is not taken here. Known are: {known}."), known=known)
    }


# What each setting says, here and as a filter of the board.
SETTINGS: Mapping[str, str] = {
    "shots": "How many normal samples are shown with an image, 0 to 64.",
    "template": "How those samples were chosen.",
    "knowledge": "Which domain knowledge the prompt holds.",
    "tools": "What else the model may use.",
    "reasoning": "Whether it reasons before it answers.",
    "prompting": "Whether questions of an image are asked one at a time, or each with what came before.",
    "quantisation": "To what its weights are quantised, such as `int8`.",
    "training": "What of this benchmark it has been trained on.",
    "parameters": "Its size, in billions of parameters.",
    "open_weights": "Whether its weights are public.",
    "paper": "A link to its paper.",
    "weights": "A link to its weights.",
    "code": "A link to its code.",
    "note": "What else there is to know of how it was run.",
}


def _optional(name: str) -> dict[str, Any]:
    choices = SETTING_CHOICES.get(name)
    return {"required": False, "help_text": SETTINGS[name]} | (
        {"error_messages": _listing(value for value, _name in choices)} if choices else {}
    )


OPTIONAL = {name: _optional(name) for name in (*Entry.SETTINGS, *Entry.LINKS)}


class SettingsField(serializers.ModelSerializer[Entry]):
    """How a model was run; null is "not declared"."""

    class Meta:
        model = Entry
        fields = (*Entry.SETTINGS, *Entry.LINKS)
        extra_kwargs = OPTIONAL


class Upload(SettingsField):
    """An answer file with the entry that it is for."""

    file = serializers.FileField(
        allow_empty_file=True, max_length=None, help_text="The answer file, plain or gzip."
    )
    entry = serializers.CharField(
        max_length=80, help_text="The entry's name: your team's of that name, else a new one."
    )
    visibility = serializers.ChoiceField(
        choices=VISIBILITIES,
        default="private",
        error_messages=_listing(VISIBILITIES),
        help_text="Who may see it; a private one can be made public later.",
    )
    team = serializers.SlugField(required=False, help_text="Needed for a session of several teams.")
    partial = serializers.ListField(  # type: ignore[assignment]  # DRF takes declared fields off the class
        child=serializers.CharField(max_length=100),
        required=False,
        help_text="Subtasks that the file is limited to.",
    )
    frame = serializers.CharField(
        max_length=100,
        required=False,
        help_text="Where answers are boxes: what they are measured in, `short-edge-448` (taken where nothing is said), "
        "`pixels` or `0-1000`.",
    )

    class Meta:
        model = Entry
        extra_kwargs = OPTIONAL
        fields = ("file", "entry", "visibility", "team", "partial", "frame", *Entry.SETTINGS, *Entry.LINKS)

    def validate_entry(self, value: str) -> str:
        return names.shown(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A field that is not known is a typing error, and one that matters: `visibilty` would leave it private."""
        unknown = [name for name in self.initial_data if name not in self.fields and name != CSRF_FIELD]
        if unknown:
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                dict.fromkeys(unknown, f"There is no such field. Known are: {known}."),
                code="unknown-field",
            )
        if self.initial_data.get("frame") == "":  # of a script whose variable is not set
            raise serializers.ValidationError(
                {"frame": "The frame is empty. Name one, or leave the field out for short-edge-448."}
            )
        for name in Entry.LINKS[:3]:
            if attrs.get(name) and not attrs[name].startswith(("http://", "https://")):
                raise serializers.ValidationError({name: "A link starts with http:// or https://."})
        for name in ("quantisation", "note"):
            if not attrs.get(name, "").isprintable():
                raise serializers.ValidationError({name: "This holds characters that cannot be shown."})
        return attrs

    def declared(self) -> dict[str, Any]:
        """The settings and links that came with the upload."""
        declarable = (*Entry.SETTINGS, *Entry.LINKS)
        return {name: value for name, value in self.validated_data.items() if name in declarable}


class DryRun(Upload):
    """An answer file to check; what else an upload may say is looked at as well, and needed for nothing."""

    entry = serializers.CharField(max_length=80, required=False, help_text="The entry that it would be for.")


class Withdrawal(serializers.Serializer[None]):
    """Why a submission is withdrawn."""

    reason = serializers.CharField(max_length=500, help_text="Stands in the entry's public history.")


class ProvenanceShape(serializers.Serializer[None]):
    """The job that sent the file, as its CI service attests. It says who sent, not how the answers came about.

    Of a repository that was not public, everybody but the team reads the tier alone, and null in place of the rest.
    """

    tier = serializers.ChoiceField(choices=[provenance.TIER], help_text="How far the origin is checked.")
    issuer = serializers.CharField(allow_null=True, help_text="The service that signed the identity token.")
    repository = serializers.CharField(allow_null=True, help_text="Of the job; at GitLab, the project.")
    commit = serializers.CharField(allow_null=True, help_text="That the job ran for.")
    ref = serializers.CharField(allow_null=True, help_text="Its branch or tag, as `refs/heads/main`.")
    workflow = serializers.CharField(allow_null=True, help_text="The CI file that the job is of.")
    run_url = serializers.URLField(
        allow_null=True, help_text="The job's log at its service; null where that is not by HTTPS."
    )
    environment = serializers.CharField(
        allow_null=True, help_text="That the job ran in; null where it named none."
    )


class SettingsShape(serializers.ModelSerializer[Entry]):
    """How a model was run; every setting is there, null is "not declared"."""

    class Meta:
        model = Entry
        fields = (*Entry.SETTINGS, *Entry.LINKS)
        extra_kwargs = {
            name: {"read_only": True, "allow_null": True, "help_text": f"{said} Null: not declared."}
            for name, said in SETTINGS.items()
        }


class EntryShape(serializers.ModelSerializer[Entry]):
    """The entry that a submission is of."""

    settings = serializers.SerializerMethodField(help_text="How the model was run.")

    class Meta:
        model = Entry
        fields = ("id", "name", "settings")
        read_only_fields = fields
        extra_kwargs = {
            "id": {"help_text": "Its id."},
            "name": {"help_text": "Its name, of which a team has one on a benchmark."},
        }

    @extend_schema_field(SettingsShape)
    def get_settings(self, entry: Entry) -> dict[str, Any]:
        return entry.declared()


class ProblemShape(serializers.Serializer[None]):
    """What is wrong, and where."""

    line = serializers.IntegerField(
        allow_null=True, help_text="The line of the file, from 1; null where it is of none."
    )
    field = serializers.CharField(
        allow_null=True, help_text="The field, parameter or column; null where it is of none."
    )
    code = serializers.CharField(help_text="What is wrong, for programs; it stays.")
    detail = serializers.CharField(help_text="The same for people, and what to do about it.")


class LinksShape(serializers.Serializer[None]):
    """Where to go from a submission."""

    self = serializers.URLField(help_text="This submission’s state.")
    report = serializers.URLField(help_text="Its report, once it is scored.")
    problems = serializers.URLField(help_text="Every error of a rejected file; `errors` has the first 20.")
    entry = serializers.URLField(help_text="Its rank, rank range and expected gain, once it is on the board.")
    page = serializers.URLField(help_text="Its page, for people.")


class IntervalField(serializers.ListField):
    """Both ends of a figure's 95 % interval, in percent; null where there is none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.FloatField(), allow_null=True, **kwargs)


class SubmissionState(serializers.ModelSerializer[Submission]):
    """A submission and what has become of it. Errors are shown to its team only."""

    benchmark = serializers.CharField(source="benchmark.slug", help_text="The slug of its benchmark.")
    release = serializers.CharField(
        source="release.digest",
        allow_null=True,
        read_only=True,
        help_text="The digest of the release that it is scored on; null until it is known.",
    )
    entry = EntryShape(help_text="The entry that it is of.")
    team = serializers.CharField(source="team.slug", help_text="The slug of its team.")
    errors = serializers.SerializerMethodField(  # type: ignore[assignment]  # see partial
        help_text="What is wrong with a rejected file, the first 20; empty for others than its team."
    )
    error_counts = serializers.DictField(
        child=serializers.IntegerField(), read_only=True, help_text="How many errors of each code."
    )
    interval = IntervalField(read_only=True, help_text="Both ends of the score's 95 % interval.")
    partial = serializers.ListField(  # type: ignore[assignment]  # see Upload
        child=serializers.CharField(), read_only=True, help_text="Subtasks that the file is limited to."
    )
    provenance = serializers.SerializerMethodField(
        help_text="The job that sent it, where a trusted publisher did; else null."
    )
    links = serializers.SerializerMethodField(help_text="Where to go from here.")

    class Meta:
        model = Submission
        extra_kwargs = {
            "held_at": {
                "help_text": "Public, but since then kept from the board and from others until an organizer has "
                "looked, because its answers agree with another team’s beyond chance; null: it is not."
            },
            "id": {"help_text": "Its id."},
            "status": {
                "help_text": "Where it stands. `scored`, `rejected` (the file is at fault), `failed` (we are) and "
                "`cancelled` are final."
            },
            "visibility": {
                "help_text": "Who may see it: its team, everybody, or its line in the history alone."
            },
            "sha256": {"help_text": "Of the answer file as it was sent, in hexadecimal digits."},
            "received_at": {"help_text": "When it came in, in UTC."},
            "attempts": {
                "help_text": "How often a worker has begun to score it; each but the first follows one that "
                "broke off by a fault of ours. After the third it ends `failed`."
            },
            "finished_at": {"help_text": "When it was finished with, in UTC; null until then."},
            "errors_total": {"help_text": "How many errors the file has."},
            "score": {"help_text": "Overall, in percent; null without one, as of a partial file."},
            "present": {"help_text": "Share of the questions that the file has a record for, 0 to 1."},
            "coverage": {"help_text": "Share of the questions whose reply was read, 0 to 1."},
            "frame": {"help_text": "That the file's boxes stand in; empty where answers are letters."},
        }
        fields = (
            "id",
            "benchmark",
            "release",
            "entry",
            "team",
            "status",
            "visibility",
            "sha256",
            "received_at",
            "attempts",
            "finished_at",
            "errors",
            "errors_total",
            "error_counts",
            "score",
            "interval",
            "present",
            "coverage",
            "partial",
            "frame",
            "held_at",
            "provenance",
            "links",
        )
        read_only_fields = fields

    @extend_schema_field(ProblemShape(many=True))
    def get_errors(self, submission: Submission) -> list[dict[str, Any]]:
        return [said(problem) for problem in submission.errors] if self.is_ours(submission) else []

    @extend_schema_field(ProvenanceShape(allow_null=True))
    def get_provenance(self, submission: Submission) -> dict[str, str | None] | None:
        found = provenance.of(submission, is_ours=self.is_ours(submission))
        return found.said() if found else None

    @extend_schema_field(LinksShape)
    def get_links(self, submission: Submission) -> dict[str, str]:
        return _links(submission, self.context["request"].build_absolute_uri)

    def is_ours(self, submission: Submission) -> bool:
        """Whether who asks reads it as its team does."""
        asker = askers.of(self.context["request"])
        return submission.team_id in asker.team_ids and asker.is_for(submission.benchmark)


def _links(submission: Submission, absolute: Callable[[str], str]) -> dict[str, str]:
    args = [submission.pk]
    return {
        "self": absolute(reverse("api-submission", args=args)),
        "report": absolute(reverse("api-report", args=args)),
        "problems": absolute(reverse("api-problems", args=args)),
        "entry": absolute(reverse("api-entry", args=[submission.entry_id])),
        "page": absolute(reverse("submission", args=args)),
    }


class TeamsState(SubmissionState):
    """The same as its team reads it, for a message to it: nobody asks, so its links lead to the site's address."""

    def is_ours(self, submission: Submission) -> bool:
        return True

    def get_links(self, submission: Submission) -> dict[str, str]:
        return _links(submission, lambda path: settings.VERNIER_URL + path)


def said(problem: Mapping[str, Any]) -> dict[str, Any]:
    """A stored problem with its sentence."""
    return {
        "line": problem["line"],
        "field": problem["field"],
        "code": problem["code"],
        "detail": messages.problem(problem["code"], problem["params"], field=problem["field"]),
    }


class SubmissionPageShape(serializers.Serializer[None]):
    """A page of submissions, newest first."""

    next = serializers.URLField(allow_null=True, help_text="The next page; null: this is the last.")
    previous = serializers.URLField(
        allow_null=True, help_text="The page before this one; null: this is the first."
    )
    results = SubmissionState(many=True, help_text="The submissions.")


class ProblemDocument(serializers.Serializer[None]):
    """Why a call was not done: a problem document of RFC 9457. `code` is for programs, `detail` for people."""

    type = serializers.CharField(help_text="Always `about:blank`: `code` says more.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField(help_text="The HTTP status.")
    code = serializers.CharField(help_text="Which problem it is, for programs; it stays.")
    detail = serializers.CharField(help_text="What is wrong and what to do about it, in a sentence or two.")
    errors = ProblemShape(many=True, help_text="Each thing that is wrong, the first 20.")  # type: ignore[assignment]  # see partial
    errors_total = serializers.IntegerField(help_text="Of these, `errors` lists the first 20.")
    request_id = serializers.CharField(
        required=False, help_text="Of a fault of ours: what its lines in our logs are found by."
    )


class RejectedDocument(ProblemDocument):
    """A file at fault, with what a rejected submission says of it; its code is `invalid-answers`."""

    error_counts = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="How many errors of each code, where the code is `invalid-answers`.",
    )
