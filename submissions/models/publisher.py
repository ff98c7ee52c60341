from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower, Now
from django.urls import reverse

from submissions.models.benchmark import Benchmark
from submissions.models.team import Team

if TYPE_CHECKING:
    from submissions.askers import Asker


class PublisherQuerySet(models.QuerySet["Publisher"]):
    def living(self) -> Self:
        return self.filter(removed_at=None)

    def of(self, asker: "Asker") -> Self:
        """Those of the asker's teams."""
        return self.filter(team__in=asker.team_ids)

    def at(self, issuer: str, repository: str) -> Self:
        """Those of this repository, whose name stands for itself in any case of its letters."""
        return self.annotate(lower=Lower("repository")).filter(issuer=issuer, lower=repository.lower())


class Publisher(models.Model):
    """A trusted publisher: a CI job that may send for a team on a benchmark, by what its own service says of it."""

    class Kind(models.TextChoices):
        GITHUB = "github", "GitHub"
        GITLAB = "gitlab", "GitLab"

    team = models.ForeignKey(Team, models.CASCADE, related_name="publishers")
    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    issuer = models.CharField(max_length=200)
    repository = models.CharField(max_length=300)  # owner/name, or group/…/project
    workflow = models.CharField(max_length=200)  # GitHub: its file's name; GitLab: the CI file's path
    environment = models.CharField(max_length=255, blank=True)  # empty: any, and none
    # Names are given anew when somebody lets go of one; ids never are. Empty until the first use pins them.
    owner_id = models.CharField(max_length=20, blank=True)
    repository_id = models.CharField(max_length=20, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    first_used_at = models.DateTimeField(null=True)  # since then it is proven: the job itself named the team
    last_used_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)  # rows stay: submissions say by what they were sent

    objects = PublisherQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "team",
                "benchmark",
                "issuer",
                Lower("repository"),
                "workflow",
                Lower("environment"),
                condition=models.Q(removed_at=None),
                name="one_living_publisher_alike",
            ),
        ]
        indexes = [models.Index(Lower("repository"), "issuer", name="publishers_of_a_repository")]

    def __str__(self) -> str:
        # Stands in the log and in names of tokens, where a repository that is not public must not.
        return f"trusted publisher {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("team", args=[self.team.slug]) + "#publishers"


class UsedIdentity(models.Model):
    """An identity token that was exchanged, so that nobody exchanges it again while it lives."""

    issuer = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)  # SHA-256 of its jti
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "digest"], name="an_identity_used_once")]

    def __str__(self) -> str:
        return f"{self.digest[:8]} of {self.issuer}"
