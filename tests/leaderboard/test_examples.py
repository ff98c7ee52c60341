"""The schema's examples are what the calls answer: recorded here, and held against them ever after.

`EXAMPLES=write` writes leaderboard/examples anew; a new call is asked once in `answers`, and is recorded so.
"""

import json
import os
import re
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.utils import timezone

from leaderboard.schema import ENDINGS, EXAMPLES
from submissions import evaluation, pairs, publishers
from submissions.models import Benchmark, Pair, Submission, Team
from tests import material
from tests.leaderboard import rows
from tests.leaderboard.test_schema import API, MMAD, SENT, operations, send
from tests.servers import issuer as servers

pytestmark = pytest.mark.django_db
SITE = "https://vernier.example.org"
MOST = 2  # of what repeats


def answers() -> dict[str, Any]:
    """What each call answers, by its operation, with -202 and the like behind it where that is another body."""
    mmad = material.benchmark()
    team = material.team("team-a")
    ours = Client(headers={"Authorization": f"Bearer {material.token(team)}"})
    nobody = Client()
    rows.quoted(mmad, "a paper's", {"overall": 50.0})
    other = material.scored(mmad, material.team("team-b"), public=True)
    made: dict[str, Any] = {"submissions_create": send(ours, visibility="public", shots="1")}
    sent = Submission.objects.get(team=team)
    evaluation.run(sent.pk)
    at = f"{API}submissions/{sent.pk}/"
    made["submission_publish"] = ours.post(f"{at}publish/")
    made["submission_choose"] = ours.post(f"{at}choose/")
    entries = f"{MMAD}compare/?entries={sent.entry_id},{other.entry_id}"
    made["compare-202"] = nobody.get(entries)
    for pair in Pair.objects.filter(due=True):
        pairs.compute(pair.pk)
    made["compare"] = nobody.get(entries)
    made["index"] = nobody.get(API)
    made["benchmarks_list"] = nobody.get(f"{API}benchmarks/")
    made["benchmark"] = nobody.get(MMAD)
    for call in ("leaderboard", "questions"):
        made[call] = nobody.get(f"{MMAD}{call}/")
        made[f"{call}.csv"] = nobody.get(f"{MMAD}{call}/?format=csv")
    made["questions.jsonl"] = nobody.get(f"{MMAD}questions/?format=jsonl")
    made["prompts"] = nobody.get(f"{MMAD}prompts/")
    made["submission"] = ours.get(at)
    made["report"] = ours.get(f"{at}report/")
    made["entry"] = ours.get(f"{API}entries/{sent.entry_id}/")
    send(ours, file=b"question_id,answer\nnone#0,A\n", entry="rejected")
    rejected = Submission.objects.get(entry__name="rejected")
    evaluation.run(rejected.pk)
    made["problems"] = ours.get(f"{API}submissions/{rejected.pk}/problems/")
    made["submission_withdraw"] = ours.post(f"{at}withdraw/", {"reason": "The prompt was another."})
    send(ours, entry="waiting")
    waiting = Submission.objects.get(entry__name="waiting")
    made["submission_cancel"] = ours.post(f"{API}submissions/{waiting.pk}/cancel/")
    made["submissions_list"] = ours.get(SENT)
    made["token"] = ours.get(f"{API}token/")
    made["validate"] = ours.post(
        f"{MMAD}validate/", {"file": SimpleUploadedFile("a.csv", material.answers())}
    )
    made["oidc_audience"] = nobody.get(f"{API}oidc/audience/")
    made["oidc_mint_token"] = minted(team, mmad)
    made["token_rotate"] = ours.post(f"{API}token/rotate/", {"overlap_hours": "1"})
    return made


def minted(team: Team, benchmark: Benchmark) -> Any:
    """What a job of a trusted publisher is answered."""
    with servers.running() as issuer, override_settings(VERNIER_OIDC_ISSUERS=[("github", issuer.url)]):
        issuer.audience = settings.VERNIER_URL
        job = {"issuer": issuer.url, "repository": "example/inspector", "workflow": "submit.yml"}
        publishers.register(team, benchmark, **job, by=material.person("o@example.org"), now=timezone.now())
        said = {"token": issuer.token(), "team": team.slug, "benchmark": benchmark.slug}
        return Client().post(f"{API}oidc/mint-token/", said, content_type="application/json")


def example(answer: Any) -> str:
    """An answer as the schema shows it: of what repeats the first, at an address that is nobody's."""
    text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
    text = re.sub(r"vrn_\w+", "vrn_…", text.replace("http://testserver", SITE))
    if answer["Content-Type"].split(";")[0] == "application/json":
        return json.dumps(shortened(json.loads(text)), indent=2, ensure_ascii=False) + "\n"
    most = 1 if "jsonl" in answer["Content-Type"] else 1 + MOST  # a header, and the first rows
    return "".join(text.splitlines(keepends=True)[:most])


def shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shortened(each) for each in (value[:MOST] if value and isinstance(value[0], dict) else value)]
    return value


def shape(value: Any) -> Any:
    """Its keys and kinds, without what it says."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return "number" if type(value) in (int, float) else type(value).__name__


def test_examples_are_what_the_calls_answer() -> None:
    made = answers()
    assert {said["operationId"] for _path, _method, said in operations()} == {
        re.split(r"[-.]", name)[0] for name in made
    }, "ask each call once in answers(), and record it with EXAMPLES=write"
    for name, answer in made.items():
        assert answer.status_code < 300, (name, answer.content)
        ending = ENDINGS[answer["Content-Type"].split(";")[0]]
        path = EXAMPLES / f"{name.partition('.')[0]}.{ending}"
        now = example(answer)
        if os.environ.get("EXAMPLES") == "write":
            path.write_text(now)
        said = path.read_text()
        if ending == "csv":
            assert said.splitlines()[0] == now.splitlines()[0], name
        else:
            assert shape(json.loads(said)) == shape(json.loads(now)), name
