"""What a worker's process is allowed."""

import subprocess
import sys

GREEDY = """
from leaderboard.celery import MEMORY_BYTES, fence
fence()
try:
    bytearray(2 * MEMORY_BYTES)
except MemoryError:
    print("refused")
"""


def test_a_worker_cannot_take_the_machines_memory() -> None:
    done = subprocess.run([sys.executable, "-c", GREEDY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "refused"
