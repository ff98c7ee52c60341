"""`make faults SEED=n`: a thousand submissions while everything is killed; exits with 0 when nothing was lost."""

import argparse
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.faults.monkey import SHORT, WHOLE
from tests.faults.run import run
from tests.servers import ceph, s3
from tests.servers.process import PartMissingError

KEPT = Path("build/faults")


def keep_logs(folder: Path, kept: Path) -> None:
    """Copy what every part logged, in place of an earlier run's."""
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)


def main() -> int:
    """Run once; the exit code."""
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--short", action="store_true", help="a minute of faults instead of four")
    options = parser.parse_args()
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begun:6.1f} s  {line}", flush=True)  # noqa: T201

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vernier-faults-")))
        folder.chmod(0o711)

        def service() -> s3.S3:
            place = folder / "s3"
            place.mkdir(mode=0o700)
            try:
                return stack.enter_context(ceph.gateway(place))
            except PartMissingError as error:
                say(f"moto stands in for an S3 service: {error}")
                return stack.enter_context(s3.moto(place))

        plan = SHORT if options.short else WHOLE
        # Closed before the folder goes: the logs of every part stay, for whoever asks why.
        stack.callback(keep_logs, folder, KEPT / str(options.seed))
        verdict = run(folder, service, plan, count=options.submissions, seed=options.seed, say=say)
    print(verdict)  # noqa: T201
    return 0 if verdict.stands(options.submissions) else 1


if __name__ == "__main__":
    sys.exit(main())
