from django.db import models


class StoreFault(models.Model):
    """How often a store has not answered (`away`), or not to us (`refused`), whichever process had asked it."""

    kind = models.CharField(max_length=20, primary_key=True)
    count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.kind}: {self.count}"
