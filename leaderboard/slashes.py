"""Addresses end with a slash. A page is led there; a call that would lose its body is told so."""

from django.http import HttpRequest
from django.middleware.common import CommonMiddleware
from django.urls import is_valid_path

API = "/api/"
SAFE = ("GET", "HEAD")


def is_wanting(request: HttpRequest) -> bool:
    """Whether the address lacks nothing but its last slash."""
    return not request.path_info.endswith("/") and bool(is_valid_path(f"{request.path_info}/"))


class SlashMiddleware(CommonMiddleware):
    """Django's own, but a POST to the API is not redirected: most clients drop its body, or stop there in silence."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        if request.path_info.startswith(API) and request.method not in SAFE:
            return False
        return super().should_redirect_with_slash(request)
