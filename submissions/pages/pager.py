"""The way from one page of a list to the next."""

from typing import Any

from django.core.paginator import Page
from django.utils.translation import gettext as _


def of(page: Page[Any], url: str, parameter: str = "page", place: str = "") -> dict[str, str]:
    """What ui/components/pager.html asks for; `place` is where on the page the list begins."""
    return {
        "previous_url": f"{url}?{parameter}={page.previous_page_number()}{place}"
        if page.has_previous()
        else "",
        "next_url": f"{url}?{parameter}={page.next_page_number()}{place}" if page.has_next() else "",
        "range_text": _("%(first)s–%(last)s of %(all)s")
        % {"first": page.start_index(), "last": page.end_index(), "all": page.paginator.count},
    }
