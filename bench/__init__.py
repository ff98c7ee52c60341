"""Measurements, each a module that prints its figures."""

import os

# As in the workers; and the time that a second thread waits would count as spent.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def environment(**settings: str) -> dict[str, str]:
    """For a process that measures on a site of its own: with these of Vernier's settings, and none of ours."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("VERNIER_")}
    return others | settings | {"DJANGO_SETTINGS_MODULE": "leaderboard.settings"}
