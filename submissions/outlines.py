"""Releases without their truth, kept where the web role can read them."""

from scoring.kinds import AnyRelease
from submissions import storage, truths
from submissions.models import Benchmark, Outline, Release


def keep(release: Release, content: AnyRelease) -> None:
    """Keep the release's outline. Again: no change."""
    encoded = content.without_truth().encode()
    Outline.objects.get_or_create(release=release, defaults={"encoded": encoded})


def of(release_id: int) -> bytes | None:
    """The release's outline, encoded; None while a worker has yet to write it."""
    kept = Outline.objects.filter(release=release_id).values_list("encoded", flat=True).first()
    return None if kept is None else bytes(kept)


def catch_up() -> None:
    """The worker's half: write those that current releases lack. What the store does not give now waits."""
    current = Benchmark.objects.filter(current_release__isnull=False).values("current_release")
    for release in Release.objects.filter(pk__in=current, outline=None):
        try:
            content = truths.decoded(release.digest)
        except (storage.StorageUnavailableError, storage.MissingObjectError):
            continue
        keep(release, content)
