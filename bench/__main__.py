"""`make bench`: every benchmark in a process of its own, each against the baseline that it names."""

import subprocess
import sys

BENCHMARKS = (
    "bench.scoring",
    "bench.boxes",
    "bench.statistics",
    "bench.comparing",
    "bench.board",
    "bench.placing",
    "bench.upload",
    "bench.dry_run",
    "bench.rescoring",
)


def main() -> int:
    """Run them all; the exit code is that of the first that fails, else 0."""
    codes = [subprocess.run([sys.executable, "-m", name], check=False).returncode for name in BENCHMARKS]  # noqa: S603 - our own modules
    return next((code for code in codes if code), 0)


if __name__ == "__main__":
    sys.exit(main())
