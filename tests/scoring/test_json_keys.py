import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from scoring.answers.json_keys import count_keys

texts = st.text(alphabet=':" \\\n\tab', max_size=8) | st.sampled_from([":", '":', '\\":', "\\", '"'])
values = st.recursive(
    texts | st.none() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)


def keys_in(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (len(value) if isinstance(value, dict) else 0) + sum(map(keys_in, inner))


@given(values, st.sampled_from([(",", ":"), (", ", ": "), (",", " :"), (" ,", "\n\t:")]))
def test_no_key_is_missed(value: Any, separators: tuple[str, str]) -> None:
    found = count_keys(json.dumps(value, separators=separators).encode())
    assert found is None or found >= keys_in(value)


@given(
    st.dictionaries(st.text(alphabet='ab\\"', max_size=3), st.text(alphabet='\\"ab:', max_size=6)),
    st.text("ab\\"),
)
def test_a_repeated_key_always_counts(value: dict[str, str], key: str) -> None:
    once, twice = json.dumps({**value, key: "x"}), json.dumps(key)
    data = f"{once[:-1]}, {twice} : 1}}".encode()
    found = count_keys(data)
    assert found is None or found > len(msgspec.json.decode(data))


def test_honest_records_are_counted_exactly() -> None:
    records = [{"image": 'a "quoted": thing', "text": "Question: x \nA. y : z\n", "": "ends with \\"}] * 50
    for indent in (None, 4):
        assert count_keys(json.dumps(records, indent=indent).encode()) == 150


def test_too_much_to_look_at_is_left_to_the_careful_reader() -> None:
    assert count_keys(json.dumps('":' * 60_000).encode()) is None
