"""A dry run through the front door of a real embedded site: `python -m bench.dry_run`.

Each round sends the native list of 39,672 answers (the authors' shape, about 12 MB) to be checked, and takes the time
from the first byte to the answer: the upload, a process of its own with its limits, and all messages. The baseline is
what a worker does with the same file, in this process: its whole reading and scoring, with everything imported and the
release decoded. A file with a fault in every hundredth record takes the careful way through the reader.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from bench.upload import compact
from scoring import definition, kinds, standin
from scoring.benchmarks.mmad import importer
from scoring.errors import PredictionError
from tests.journeys.client import pipeline
from tests.servers import site

ROUNDS = 15


def main() -> None:
    """Start a site, measure both files, and the baseline for each."""
    release = importer.read(json.dumps(standin.mmad_json()).encode(), definition.load("mmad"))
    model = next(model for model in standin.published_models() if model.complete)
    good = compact(standin.rebuild(model, release, seed=1, native=True))
    records = json.loads(good)
    for record in records[::100]:
        record["image"] = "none.png"
    files = {
        "a good file": (good, 200),
        "a fault in every hundredth record": (json.dumps(records).encode(), 422),
    }
    with tempfile.TemporaryDirectory() as folder, site.embedded(Path(folder)) as running:
        running.wait_until_ready(300)
        sender = pipeline(running, "bench")
        url = f"{sender.api}/benchmarks/mmad-standin/validate/"
        with httpx.Client(headers=sender.headers, timeout=60, trust_env=False) as client:
            for name, (file, status) in files.items():

                def sent(file: bytes = file, status: int = status) -> None:
                    answer = client.post(url, files={"file": ("answers.json", file)})
                    if answer.status_code != status:
                        raise SystemExit(f"{answer.status_code}: {answer.text[:300]}")

                def scored(file: bytes = file) -> None:
                    with suppress(PredictionError):
                        kinds.evaluate(file, release)

                print(f"{name}: {len(file) / 1e6:.1f} MB, {ROUNDS} rounds")  # noqa: T201
                print(f"  dry run, sent to answered: {told(sent)}")  # noqa: T201
                print(f"  baseline, read and scored in process: {told(scored)}")  # noqa: T201


def told(work: Callable[[], Any]) -> str:
    """The seconds that it takes, after one round to warm up."""
    seconds = []
    for _ in range(ROUNDS + 1):
        begun = time.monotonic()
        work()
        seconds.append(time.monotonic() - begun)
    low, middle, high = min(seconds[1:]), statistics.median(seconds[1:]), max(seconds[1:])
    return f"median {middle:.3f} s (min {low:.3f}, max {high:.3f})"


if __name__ == "__main__":
    main()
