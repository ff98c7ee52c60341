"""The significance gate against statsmodels: fifty pairs of files, really compared, and judged by the client."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from django.test import Client
from scipy import stats

from submissions import pairs
from submissions.models import Benchmark, Pair, Submission
from tests import material
from tests.scoring.statistics.test_clusters import regression
from vernier import gates
from vernier.results import Difference, Result
from vernier.site import body
from vernier.voice import Voice

pytestmark = pytest.mark.django_db

PAIRS = 50
IMAGES_A_CLASS = 6
MATERIAL = material.questions(IMAGES_A_CLASS)
CONTENT = material.content(IMAGES_A_CLASS)
TRUTH = material.truth(MATERIAL)


class InProcess:
    """The site as the gate asks it, without a network in between; its worker is done before it answers again."""

    def __init__(self, token: str) -> None:
        self._client, self._headers = Client(), {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self._answer(path, params)

    def pages(self, path: str, row: Any, **params: Any) -> Iterator[dict[str, Any]]:
        yield from body(self._answer(path, params), {"results": [row]})["results"]

    def _answer(self, path: str, params: dict[str, Any]) -> httpx.Response:
        answer = self._client.get(f"/api/v1/{path}", params, headers=self._headers)
        for pair_id in Pair.objects.due().values_list("pk", flat=True):
            pairs.compute(pair_id)
        return httpx.Response(
            answer.status_code,
            content=answer.content,
            headers={"Retry-After": "0"},
            request=httpx.Request("GET", path),
        )


def right(file: bytes) -> np.ndarray:
    """A flag per question, marked here by hand."""
    given = dict(list(csv.reader(io.StringIO(file.decode())))[1:])
    return np.array([given.get(question_id) == TRUTH[question_id] for question_id in CONTENT.ids])


def by_statsmodels(new: bytes, old: bytes, partial: Sequence[str] = ()) -> tuple[float, float, float]:
    """The macro average of the differences, its standard error, and the two-sided p of Student's t.

    Of a partial file it is the mean over its subtasks of the means over source datasets.

    Ordinary least squares of each question's difference on the strata (source dataset, subtask and, where the metric
    is a mean of both, class); errors clustered by image, with C / (C - 1) for C images and C - 1 degrees of freedom.
    """
    slugs = CONTENT.definition.subtask_slugs
    asked = [slugs.index(slug) for slug in partial or slugs]
    kept = CONTENT.counted & np.isin(CONTENT.subtasks, asked)
    fit, strata = regression(CONTENT, right(new).astype(int) - right(old).astype(int), kept)
    weights = []
    for dataset, subtask, _class in strata:
        classes = sum(each[:2] == (dataset, subtask) for each in strata)
        if partial:
            outer = {other for _at, other, _class in strata}
            inner = {at for at, other, _class in strata if other == subtask}
        else:
            outer = {at for at, _other, _class in strata}
            inner = {other for at, other, _class in strata if at == dataset}
        weights.append(1 / len(outer) / len(inner) / classes)
    images = len(set(np.array(CONTENT.images)[kept]))
    contrast = fit.t_test(np.array(weights))
    value, error = float(contrast.effect[0]), float(contrast.sd.item()) * np.sqrt(images / (images - 1))
    return value, error, 2 * float(stats.t.sf(abs(value / error), images - 1))


@pytest.mark.parametrize("partial", [[], ["anomaly-detection", "object-analysis"]], ids=["whole", "partial"])
def test_the_gate_agrees_with_a_paired_cluster_robust_test_on_fifty_pairs(partial: list[str]) -> None:
    benchmark = material.benchmark(images_a_class=IMAGES_A_CLASS, daily_limit=200)
    Benchmark.objects.update(holds_alike=False)
    team = material.team("home")
    site: Any = InProcess(material.token(team))
    chance = np.random.default_rng(7)
    judged: Counter[str] = Counter()
    for seed in range(PAIRS):
        shares = 0.6, 0.6 + chance.uniform(-0.22, 0.22)
        old, new = (
            material.answers(share, material=MATERIAL, seed=1000 * at + seed)
            for at, share in enumerate(shares)
        )
        for at, file in enumerate((old, new)):
            sent_at = material.NOON + timedelta(minutes=2 * seed + at)
            submission = material.scored(
                benchmark, team, f"model {seed}", file=file, now=sent_at, partial=partial
            )
        state = site.get(f"submissions/{submission.pk}/").json()
        result = Result(site, state, seconds=5, voice=Voice(as_json=True, verbose=False))
        found = gates.judge(gates.parse("significantly-worse-than=previous"), result)
        value, error, p = by_statsmodels(new, old, partial)
        assert found.pair is not None
        told = found.pair["shared" if partial else "overall"]
        difference = Difference.of(found.pair)
        assert difference is not None
        assert told["difference"] == pytest.approx(100 * value, abs=1e-9)
        assert told["error"] == pytest.approx(100 * error, rel=1e-9)
        verdict = "not-separable" if p >= 0.05 else "first-better" if value > 0 else "second-better"
        assert difference.verdict == verdict, (seed, p)
        assert found.passed is (verdict != "second-better")
        judged[verdict] += 1
    assert Submission.objects.count() == 2 * PAIRS
    # All three kinds are among them: otherwise they agree on little. Fewer questions tell fewer apart.
    least = 5 if partial else 8
    assert min(judged[kind] for kind in ("first-better", "second-better", "not-separable")) >= least, judged
