"""`/metrics`: what Prometheus reads, for whoever has the token.

What the database knows is counted there when asked, and is right whatever number of processes and hosts there is.
Requests are counted by each web process of this host, and added up.
"""

import hmac
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate

from django.conf import settings
from django.db.models import (
    Case,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    Q,
    Sum,
    Value,
    When,
)
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from submissions import store_faults
from submissions.models import Entry, Letter, Mail, StoreFault, Submission, Transition

BUCKETS = (0.3, 1, 3, 10, 30, 60, 300, 1800)  # seconds


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures; 404 without the token, as where there is nothing."""
    asked = request.headers.get("Authorization", "").encode()
    token = settings.VERNIER_METRICS_TOKEN
    if not token or not hmac.compare_digest(asked, f"Bearer {token}".encode()):
        raise Http404
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(settings.VERNIER_METRICS_DIR))  # type: ignore[no-untyped-call]
    registry.register(_Database())
    return HttpResponse(
        generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
    )


class _Database:
    def collect(self) -> Iterator[Metric]:
        """What the database knows of the queue, of steps and of durations."""
        yield from _queue()
        yield _steps()
        yield _store_faults()
        yield _durations(
            "vernier_wait_seconds", "From an upload to its (last) scoring.", "received_at", "started_at"
        )
        yield _durations("vernier_scoring_seconds", "How long scoring took.", "started_at", "finished_at")


def _queue() -> Iterator[Metric]:
    now = timezone.now()
    queued = Submission.objects.queued()
    found = queued.aggregate(
        number=Count("pk"), oldest=Min("received_at"), held_back=Count("pk", filter=Q(not_before__gt=now))
    )
    age = (now - found["oldest"]).total_seconds() if found["oldest"] else 0
    scoring = Submission.objects.filter(status=Submission.Status.SCORING)
    for name, meaning, value in (
        ("queued", "Submissions that wait to be scored.", found["number"]),
        ("queued_oldest_seconds", "How long the one waits that came first; 0: none does.", age),
        ("queued_held_back", "Of those that wait, for a store that did not answer.", found["held_back"]),
        ("scoring", "Submissions that are being scored.", scoring.count()),
        (
            "scoring_abandoned",
            "Of those, left by a worker that died.",
            scoring.filter(lease_until__lte=now).count(),
        ),
        ("entries_to_place", "Entries whose rank waits.", Entry.objects.filter(standing_due=True).count()),
        ("letters", "Mails that wait to be sent.", Letter.objects.count() + Mail.objects.count()),
    ):
        yield GaugeMetricFamily(f"vernier_{name}", meaning, value)


def _steps() -> Metric:
    """Steps are written once and never changed, so that these only grow."""
    family = CounterMetricFamily(
        "vernier_submission_steps",
        "Steps in the lives of submissions, by what they led to; scoring: attempts.",
        labels=["status"],
    )
    taken = dict(Transition.objects.order_by().values_list("status").annotate(Count("pk")))
    for status in Submission.Status.values:
        family.add_metric([status], taken.get(status, 0))
    return family


def _store_faults() -> Metric:
    family = CounterMetricFamily(
        "vernier_storage_errors",
        "Calls that a store did not answer (away), or not to us (refused).",
        labels=["kind"],
    )
    counted = dict(StoreFault.objects.values_list("kind", "count"))
    for kind in store_faults.KINDS:
        family.add_metric([kind], counted.get(kind, 0))
    return family


def _durations(name: str, meaning: str, began: str, ended: str) -> Metric:
    lasted = ExpressionWrapper(F(ended) - F(began), DurationField())
    # The first bucket that holds it: most are short, and no further one is looked at.
    buckets = [
        When(lasted__lte=timedelta(seconds=limit), then=Value(place)) for place, limit in enumerate(BUCKETS)
    ]
    over = Submission.objects.filter(**{f"{began}__isnull": False, f"{ended}__isnull": False})
    found = (
        over.annotate(lasted=lasted)
        .annotate(bucket=Case(*buckets, default=Value(len(BUCKETS)), output_field=IntegerField()))
        .values_list("bucket")
        .annotate(Count("pk"), Sum("lasted"))
    )
    numbers = {bucket: number for bucket, number, _sum in found}
    seconds = sum(total.total_seconds() for _bucket, _number, total in found)
    up_to = accumulate(numbers.get(place, 0) for place in range(len(BUCKETS) + 1))
    limits = [*map(str, map(float, BUCKETS)), "+Inf"]
    family = HistogramMetricFamily(name, meaning)
    family.add_metric([], buckets=list(zip(limits, up_to, strict=True)), sum_value=seconds)
    return family
