"""A benchmark's questions as the public sees them, in whatever release."""

from django.db.models import F

from submissions.askers import Asker
from submissions.models import Benchmark, Question


def find(benchmark: Benchmark, question_id: str, asker: Asker) -> Question | None:
    """The question as the current release asks it, else as the last one did that had it.

    Of a draft, to organizers alone, only what no other release has. None where the asker may see none.
    """
    if "\x00" in question_id:  # no id holds it, and PostgreSQL takes it in no text
        return None
    known = Question.objects.visible_to(asker).filter(release__benchmark=benchmark, question_id=question_id)
    newest = F("release__became_current_at").desc(nulls_last=True)
    return known.select_related("release__benchmark").order_by(newest, "-release_id").first()
