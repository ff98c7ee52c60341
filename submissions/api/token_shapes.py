"""Shapes of tokens: what asks for one, and what they say of themselves."""

from rest_framework import serializers

from submissions import tokens
from submissions.models import Team, Token
from submissions.oidc import identities


class TokenState(serializers.ModelSerializer[Token]):
    """A token as itself may know it."""

    team = serializers.SlugRelatedField[Team](
        slug_field="slug", read_only=True, help_text="The slug of the team that it acts for."
    )
    benchmarks = serializers.ListField(
        child=serializers.SlugField(), read_only=True, help_text="Those that it is limited to; empty: all."
    )
    made_at = serializers.DateTimeField(
        source="created_at", read_only=True, help_text="When it was made, in UTC."
    )
    ends_at = serializers.DateTimeField(
        source="expires_at", read_only=True, help_text="When it ends, in UTC."
    )
    last_used_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Before this call; to the minute."
    )
    is_rotated = serializers.BooleanField(
        read_only=True,
        help_text="Whether another has taken its place: it ends soon, and cannot be rotated again.",
    )

    class Meta:
        model = Token
        fields = (
            "name",
            "team",
            "scope",
            "benchmarks",
            "made_at",
            "ends_at",
            "last_used_at",
            "is_rotated",
        )
        read_only_fields = fields
        extra_kwargs = {
            "name": {"help_text": "What its maker calls it."},
            "scope": {"help_text": "What it may do: read alone, or send and publish too."},
        }


class Rotation(serializers.Serializer[None]):
    """How a token is to be replaced."""

    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=int(tokens.LONGEST_OVERLAP.total_seconds()) // 3600,
        default=int(tokens.OVERLAP.total_seconds()) // 3600,
        help_text="For so long the old token stays good; 0: it ends at once.",
    )


class RotatedShape(TokenState):
    token = serializers.CharField(help_text="The new token's text. It is not shown again.")
    previous_ends_at = serializers.DateTimeField(help_text="When the token that this was sent with ends.")

    class Meta(TokenState.Meta):
        fields = (*TokenState.Meta.fields, "token", "previous_ends_at")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]


class AudienceShape(serializers.Serializer[None]):
    """For whom an identity token has to be made."""

    audience = serializers.CharField(help_text="The site's address: what the identity token has to be for.")


class Mint(serializers.Serializer[None]):
    """An identity token, and for what a token is wanted."""

    token = serializers.CharField(
        max_length=identities.LONGEST, help_text="The identity token that the CI service gave to the job."
    )
    team = serializers.SlugField(
        required=False,
        help_text="Who sends. Needed at a trusted publisher's first use, and where the job is registered for several "
        "teams; better always said.",
    )
    benchmark = serializers.SlugField(
        required=False, help_text="What is sent to. Needed where the job is registered for several."
    )


class MintedShape(serializers.Serializer[None]):
    """The token that it was exchanged for."""

    token = serializers.CharField(help_text="Its text, `vrn_…`. It is not shown again.")
    expires_at = serializers.DateTimeField(help_text="In 15 minutes.")
    team = serializers.SlugField(help_text="For which it sends.")
    benchmarks = serializers.ListField(child=serializers.SlugField(), help_text="The one that it is for.")
    scope = serializers.ChoiceField(choices=Token.Scope.choices, help_text="Always `submit`: it reads, too.")
