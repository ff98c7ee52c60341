from django.db import models

from submissions.models.submission import Submission


class Transition(models.Model):
    """One step in a submission's life. Written by the database itself, whoever takes the step.

    A worker that takes over from one whose lease ran out is a step too, from scoring to scoring.
    """

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="transitions", editable=False)
    at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Submission.Status)
    attempts = models.PositiveSmallIntegerField()  # that workers have made so far, this one included

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=["submission", "id"], name="steps_of_a_submission")]

    def __str__(self) -> str:
        return f"{self.status} {self.at:%Y-%m-%d %H:%M:%S}"
