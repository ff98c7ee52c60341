"""Shapes of the write API: what comes in, what goes out."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from submissions import askers, messages
from submissions.models import Entry, Submission

CSRF_FIELD = "csrfmiddlewaretoken"
OPTIONAL = {name: {"required": False} for name in (*Entry.SETTINGS, *Entry.LINKS)}


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
    visibility = serializers.ChoiceField(choices=["private", "public"], default="private")
    team = serializers.SlugField(required=False, help_text="Needed for a session of several teams.")
    partial = serializers.ListField(  # type: ignore[assignment]  # DRF takes declared fields off the class
        child=serializers.CharField(max_length=100),
        required=False,
        help_text="Subtasks that the file is limited to.",
    )

    class Meta:
        model = Entry
        extra_kwargs = OPTIONAL
        fields = ("file", "entry", "visibility", "team", "partial", *Entry.SETTINGS, *Entry.LINKS)

    def validate_entry(self, value: str) -> str:
        name = " ".join(value.split())
        if not name.isprintable() or not name:
            raise serializers.ValidationError("The name holds characters that cannot be shown.")
        return name

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A field that is not known is a typing error, and one that matters: `visibilty` would leave it private."""
        unknown = [name for name in self.initial_data if name not in self.fields and name != CSRF_FIELD]
        if unknown:
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                dict.fromkeys(unknown, f"There is no such field. Known are: {known}."),
                code="unknown-field",
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
        names = (*Entry.SETTINGS, *Entry.LINKS)
        return {name: value for name, value in self.validated_data.items() if name in names}


class Withdrawal(serializers.Serializer[None]):
    reason = serializers.CharField(max_length=500, help_text="Stands in the entry's public history.")


class EntryShape(serializers.ModelSerializer[Entry]):
    settings = serializers.SerializerMethodField()

    class Meta:
        model = Entry
        fields = ("id", "name", "settings")

    @extend_schema_field(SettingsField)
    def get_settings(self, entry: Entry) -> dict[str, Any]:
        return entry.declared()


class ProblemShape(serializers.Serializer[None]):
    line = serializers.IntegerField(allow_null=True)
    field = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class LinksShape(serializers.Serializer[None]):
    self = serializers.URLField()
    report = serializers.URLField()
    page = serializers.URLField()


class SubmissionState(serializers.ModelSerializer[Submission]):
    """A submission and what has become of it. Errors are shown to its team only."""

    benchmark = serializers.CharField(source="benchmark.slug")
    release = serializers.CharField(source="release.digest", allow_null=True, default=None)
    entry = EntryShape()
    team = serializers.CharField(source="team.slug")
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]  # see partial
    links = serializers.SerializerMethodField()

    class Meta:
        model = Submission
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
            "finished_at",
            "errors",
            "errors_total",
            "error_counts",
            "score",
            "present",
            "coverage",
            "partial",
            "links",
        )

    @extend_schema_field(ProblemShape(many=True))
    def get_errors(self, submission: Submission) -> list[dict[str, Any]]:
        asker = askers.of(self.context["request"])
        if submission.team_id not in asker.team_ids:
            return []
        return [said(problem) for problem in submission.errors]

    @extend_schema_field(LinksShape)
    def get_links(self, submission: Submission) -> dict[str, str]:
        request, args = self.context["request"], [submission.pk]
        return {
            "self": reverse("api-submission", args, request=request),
            "report": reverse("api-report", args, request=request),
            "page": reverse("submission", args, request=request),
        }


def said(problem: Mapping[str, Any]) -> dict[str, Any]:
    """A stored problem with its sentence."""
    return {
        "line": problem["line"],
        "field": problem["field"],
        "code": problem["code"],
        "detail": messages.problem(problem["code"], problem["params"], field=problem["field"]),
    }


class ProblemDocument(serializers.Serializer[None]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = ProblemShape(many=True)  # type: ignore[assignment]  # see partial
    errors_total = serializers.IntegerField()


FREE_FORM = OpenApiTypes.OBJECT
