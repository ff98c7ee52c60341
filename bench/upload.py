"""From the end of an upload to the place on the board, on a real embedded site: `python -m bench.upload`.

Each round sends the native list of 39,672 answers (the authors' shape, about 12 MB) over HTTP for another entry, public
at once, and asks the API until the submission is scored: then its ranks stand. Timed from the 202, which comes when the
whole file is in; the round trip of the upload itself is printed beside it.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from scoring import definition, standin
from scoring.benchmarks.mmad import importer
from tests.journeys.client import Pipeline, pipeline
from tests.servers import site

ROUNDS = 15
POLL_SECONDS = 0.01


def main() -> None:
    """Start a site, warm it up with one file, measure the others."""
    release = importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))
    model = next(model for model in standin.published_models() if model.complete)
    files = [compact(standin.rebuild(model, release, seed=seed, native=True)) for seed in range(ROUNDS + 1)]
    with tempfile.TemporaryDirectory() as folder, site.embedded(Path(folder)) as running:
        running.wait_until_ready(300)
        sender = pipeline(running, "bench")
        rounds = [measured(sender, file, f"round {number}") for number, file in enumerate(files)][1:]
    uploads, waits = zip(*rounds, strict=True)
    print(f"native file: {len(files[0]) / 1e6:.1f} MB, {release.size} answers, {ROUNDS} rounds, one worker")  # noqa: T201
    for name, seconds in (("upload, sent to 202", uploads), ("202 to its place on the board", waits)):
        low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
        print(f"{name}: median {middle:.3f} s (min {low:.3f}, max {high:.3f})")  # noqa: T201


def compact(file: bytes) -> bytes:
    """The same list without indentation."""
    return json.dumps(json.loads(file)).encode()


def measured(sender: Pipeline, file: bytes, entry: str) -> tuple[float, float]:
    """Seconds of the upload, and from its answer to `scored`."""
    begun = time.monotonic()
    answer = sender.upload(file, entry, visibility="public")
    taken = time.monotonic()
    submission = answer.raise_for_status().json()
    with httpx.Client(headers=sender.headers, trust_env=False) as client:
        while (state := client.get(submission["links"]["self"]).json())["status"] in ("queued", "scoring"):
            time.sleep(POLL_SECONDS)
    if state["status"] != "scored":
        raise SystemExit(f"the file ended {state['status']}: {state['errors'][:3]}")
    return taken - begun, time.monotonic() - taken


if __name__ == "__main__":
    main()
