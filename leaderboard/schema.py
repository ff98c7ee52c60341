"""The API's schema, drawn up by one thread at a time."""

from threading import Lock
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from drf_spectacular.views import SpectacularAPIView

_ONE_AT_A_TIME = Lock()


class SchemaView(SpectacularAPIView):
    """As drf-spectacular has it, whose extensions are loaded by the first to ask: two at once, and one fails."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with _ONE_AT_A_TIME:
            return super().dispatch(request, *args, **kwargs)
