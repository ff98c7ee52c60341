"""The organizer's desk: rows to read and deeds to do. It shows no truth: none is in the database."""

from submissions.admin import (
    alarms,
    benchmarks,
    complaints,
    disputes,
    door,
    entries,
    everybody,
    log,
    people,
    submissions,
)

__all__ = [
    "alarms",
    "benchmarks",
    "complaints",
    "disputes",
    "door",
    "entries",
    "everybody",
    "log",
    "people",
    "submissions",
]
