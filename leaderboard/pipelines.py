"""What pipelines get from the site itself: the client, the GitLab template, and a page with each written out."""

import io
import zipfile
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from submissions.models import Benchmark

CLIENTS = settings.BASE_DIR / "clients"
PACKAGE, TEMPLATE = "python", "gitlab/vernier.gitlab-ci.yml"
EXAMPLE = "https://vernier.example.org"  # the address in what the repository holds
SOURCES = ("pyproject.toml", "README.md", "src/vernier/*.py", "src/vernier/py.typed")
KEPT_SECONDS = 300
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the least that a zip can hold: the same content is the same file


@require_safe
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    """How a pipeline sends answers to this benchmark, ready to be copied."""
    benchmark = get_object_or_404(Benchmark, slug=slug)
    shown = {"benchmark": benchmark, "site": settings.VERNIER_URL}
    return render(request, "leaderboard/pipelines.html", shown)


@require_safe
def client(request: HttpRequest) -> HttpResponse:
    """The Python client as pip installs it: `pip install SITE/client/vernier-client.zip`."""
    return _file(_client(), "application/zip")


@require_safe
def gitlab(request: HttpRequest) -> HttpResponse:
    """The GitLab template, with this site's address in it."""
    text = (CLIENTS / TEMPLATE).read_text(encoding="utf-8")
    return _file(text.replace(EXAMPLE, settings.VERNIER_URL).encode(), "text/yaml; charset=utf-8")


def _file(content: bytes, kind: str) -> HttpResponse:
    return HttpResponse(
        content, content_type=kind, headers={"Cache-Control": f"public, max-age={KEPT_SECONDS}"}
    )


@cache
def _client() -> bytes:
    """Its sources, which pip builds: a site cannot, since it has no build tools."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(found for each in SOURCES for found in (CLIENTS / PACKAGE).glob(each)):
            archive.writestr(_named(path), path.read_bytes())
    return packed.getvalue()


def _named(path: Path) -> zipfile.ZipInfo:
    inside = Path("vernier-client", path.relative_to(CLIENTS / PACKAGE))
    named = zipfile.ZipInfo(inside.as_posix(), LONG_AGO)
    named.compress_type = zipfile.ZIP_DEFLATED
    return named
