"""What goes out beside every page: apart from the other tests of headers, for its world fills the database."""

import itertools

import pytest
from django.db import transaction

from tests.leaderboard.test_access import SESSIONS, TABLE, World, made, sent, url_of, world
from tests.leaderboard.test_headers import problems

__all__ = ["made", "world"]  # fixtures, used by their names

pytestmark = pytest.mark.django_db


def test_every_answer_has_strict_headers_and_no_inline_script_or_style(world: World) -> None:
    found = []
    for name, states in TABLE.items():
        for state, row in states.items():
            url, data = url_of(name, row.args(world)), row.data(world)
            askers = SESSIONS if state in ("", "public") else ("owner", "staff")
            for asker, method in itertools.product(askers, ("get", "post")):
                with transaction.atomic():
                    answer = sent(world.client(asker), method, url, data)
                    transaction.set_rollback(True)
                found += [f"{method} {url} as {asker}: {problem}" for problem in problems(answer)]
    assert not found
