from django.db import models

from submissions.models.benchmark import Benchmark, Release


class ImageTemplates(models.Model):
    """The normal samples to show beside one image of a release: paths, the first ones first. Public like its question.

    They come with a release and stay as they are; a release that was imported without gets them by another import.
    """

    release = models.ForeignKey(Release, models.CASCADE, related_name="templates")
    image = models.CharField(max_length=300)
    random = models.JSONField(default=list)
    similar = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "image"], name="templates_once_an_image"),
        ]

    def __str__(self) -> str:
        return self.image


class Knowledge(models.Model):
    """What an organizer has loaded of a benchmark's products, as text: public, and the same whatever an image shows."""

    benchmark = models.OneToOneField(Benchmark, models.CASCADE, related_name="knowledge")
    texts = models.JSONField()  # source dataset -> product -> text
    sha256 = models.CharField(max_length=64)  # of the texts
    loaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256[:12]

    def of(self, source_dataset: str, product: str | None) -> str:
        """The text for images of this product; empty where there is none."""
        text: str = self.texts.get(source_dataset, {}).get(product, "")
        return text
