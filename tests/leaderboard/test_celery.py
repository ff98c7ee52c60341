"""What a worker's process is allowed."""

import subprocess
import sys

GREEDY = """
from submissions.fence import MEMORY_BYTES, limit_memory
limit_memory()
try:
    bytearray(2 * MEMORY_BYTES)
except MemoryError:
    print("refused")
"""


def test_a_worker_cannot_take_the_machines_memory() -> None:
    done = subprocess.run([sys.executable, "-c", GREEDY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "refused"
