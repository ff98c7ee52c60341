"""How allauth sends its mails: by the post office."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as current
from django.contrib.sites.shortcuts import get_current_site

from submissions import post_office


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # no types come with it
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail whose reader waits for it, or keep it for the workers: nobody's page is a 500 for it."""
        request = current.request
        told = {"request": request, "email": email, "current_site": get_current_site(request), **context}
        post_office.send_or_keep(self.render_mail(template_prefix, email, told))
