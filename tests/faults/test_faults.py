"""The short form: a minute of faults, everything else as in `make faults`."""

from tests.faults.monkey import SHORT
from tests.faults.run import run
from tests.services import SERVERS, or_skip

SUBMISSIONS = 150


def test_nothing_is_lost_while_everything_is_killed() -> None:
    said: list[str] = []
    folder = SERVERS.new_folder("faults")
    folder.chmod(0o711)
    with or_skip():
        verdict = run(folder, SERVERS.gateway_or_moto, SHORT, count=SUBMISSIONS, seed=3, say=said.append)
    assert verdict.stands(SUBMISSIONS), "\n".join([*said, str(verdict)])
