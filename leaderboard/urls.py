"""Every address of the site."""

import sys

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import defaults
from drf_spectacular.views import SpectacularSwaggerSplitView

from leaderboard import (
    api,
    compare_pages,
    health,
    metrics,
    outages,
    pages,
    pipelines,
    question_pages,
    release_pages,
    schema,
    slashes,
)
from leaderboard.slashes import API

urlpatterns = [
    path("", pages.home, name="home"),
    path("benchmarks/<slug:slug>/", pages.board_page, name="board"),
    path("benchmarks/<slug:slug>/about/", pages.about, name="benchmark-about"),
    path("benchmarks/<slug:slug>/ci/", pipelines.guide, name="benchmark-ci"),
    path("benchmarks/<slug:slug>/compare/", compare_pages.compare, name="compare"),
    path("benchmarks/<slug:slug>/releases/", release_pages.releases, name="releases"),
    path("benchmarks/<slug:slug>/releases/<slug:digest>/", release_pages.release, name="release"),
    path("benchmarks/<slug:slug>/questions/", question_pages.questions, name="questions"),
    path("benchmarks/<slug:slug>/questions/<path:question_id>/", question_pages.question, name="question"),
    path("entries/<uuid:entry_id>/", pages.entry, name="entry"),
    path("client/vernier-client.zip", pipelines.client, name="client"),
    path("client/vernier.gitlab-ci.yml", pipelines.gitlab, name="gitlab-template"),
    path("how-to-read/", pages.how_to_read, name="how-to-read"),
    path("statistics/", pages.statistics, name="statistics"),
    path("", include("submissions.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/", api.Index.as_view(), name="api-index"),
    path("api/v1/benchmarks/", api.BenchmarkList.as_view(), name="api-benchmarks"),
    path("api/v1/benchmarks/<slug:slug>/", api.BenchmarkDetail.as_view(), name="api-benchmark"),
    path("api/v1/benchmarks/<slug:slug>/leaderboard/", api.Leaderboard.as_view(), name="api-leaderboard"),
    path("api/v1/benchmarks/<slug:slug>/questions/", api.Questions.as_view(), name="api-questions"),
    path("api/v1/benchmarks/<slug:slug>/prompts/", api.Prompts.as_view(), name="api-prompts"),
    path("api/v1/benchmarks/<slug:slug>/compare/", api.Compare.as_view(), name="api-compare"),
    path("api/v1/entries/<uuid:entry_id>/", api.EntryDetail.as_view(), name="api-entry"),
    path("api/v1/schema/", schema.SchemaView.as_view(), name="api-schema"),
    path(
        "api/v1/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="leaderboard/api-docs.html"),
        name="api-docs",
    ),
    path("api/v1/", include("submissions.api.urls")),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django itself could not read, for example a host that this site does not have."""
    if request.path.startswith(API):
        return api.bad_request(exception)
    return defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """It is known who asks; they may not."""
    if request.path.startswith(API):
        return api.permission_denied()
    return defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing here: a problem document for machines, a page for people."""
    if request.path.startswith(API):
        return api.slash_wanting(request) if slashes.is_wanting(request) else api.not_found()
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """A part of the site is away, or a fault of ours: it is in the log."""
    # Whatever raised it, a view, a template or what stands around them: Django calls this while it handles the fault.
    if outage := outages.of(sys.exc_info()[1]):
        return outages.answer(request, outage)
    if request.path.startswith(API):
        return api.server_error()
    return defaults.server_error(request)
