"""What a worker's process is allowed."""

import subprocess
import sys

GREEDY = """
from submissions.fence import limit_memory
limit_memory(100_000_000)
kept = bytearray(80_000_000)
try:
    bytearray(40_000_000)
except MemoryError:
    print("refused")
"""


def test_a_worker_cannot_take_the_machines_memory() -> None:
    done = subprocess.run([sys.executable, "-c", GREEDY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "refused"
