"""Addresses that hold what a file of questions calls them."""

import re
from urllib.parse import quote

from django.urls import reverse

# A browser would resolve these parts of a path away, and a proxy merge the empty ones.
_VANISHING = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")


def of_question(slug: str, question_id: str) -> str:
    """The question's page, the same in every release: its id as it is, quoted as a path."""
    safe = "" if _VANISHING.search(question_id) else "/"
    return f"{reverse('questions', args=[slug])}{quote(question_id, safe=safe)}/"
