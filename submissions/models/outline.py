from django.db import models

from submissions.models.benchmark import Release


class Outline(models.Model):
    """A release's questions in one piece, without their truth: what the check of a file is made against.

    It follows from the release: where it is missing, as after a restore, a worker writes it again.
    """

    release = models.OneToOneField(Release, models.CASCADE, primary_key=True, related_name="outline")
    encoded = models.BinaryField()  # see scoring.check

    def __str__(self) -> str:
        return f"outline of {self.release_id}"
