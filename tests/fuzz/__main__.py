"""`make fuzz`: a million inputs for the readers of answer files; exits with 0 when each was scored or rejected."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scoring.evaluate import evaluate
from tests.fuzz.judge import Evaluate
from tests.fuzz.run import FOLDER, Trial, run


def main(arguments: Sequence[str] | None = None, *, evaluate: Evaluate = evaluate) -> int:
    """Run once; the exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--only", type=int, help="try the input of this number alone, and let it raise")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to keep what was found guilty")
    options = parser.parse_args(arguments)
    if options.only is not None:
        trial = Trial(options.seed, evaluate)
        given = trial.inputs.make(options.only)
        print(given)  # noqa: T201
        print(trial.judge.judge(given))  # noqa: T201
        return 0
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begun:6.1f} s  {line}", flush=True)  # noqa: T201

    tally = run(
        range(options.inputs),
        seed=options.seed,
        processes=os.cpu_count() or 1,
        say=say,
        folder=options.folder,
        evaluate=evaluate,
    )
    print(tally)  # noqa: T201
    return 1 if tally.unhandled else 0


if __name__ == "__main__":
    sys.exit(main())
