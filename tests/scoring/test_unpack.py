import gzip
import random
import time

import pytest

from scoring.answers.unpack import DamagedGzipError, ExpandsTooFarError, unpack


def test_what_is_not_packed_stays_as_it_is() -> None:
    assert unpack(b"plain") == b"plain"


def test_members_are_joined_and_padding_is_ignored() -> None:
    assert unpack(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 20) == b"one two"


@pytest.mark.parametrize("cut", [5, 12, 30, -1, -8])
def test_a_cut_file_is_damaged(cut: int) -> None:
    with pytest.raises(DamagedGzipError):
        unpack(gzip.compress(bytes(range(256)))[:cut])


def test_a_wrong_checksum_is_damage() -> None:
    data = bytearray(gzip.compress(b"content"))
    data[-6] ^= 1
    with pytest.raises(DamagedGzipError):
        unpack(bytes(data))


def test_bytes_behind_the_last_member_are_damage() -> None:
    with pytest.raises(DamagedGzipError):
        unpack(gzip.compress(b"content") + b"more")


def test_a_small_file_that_becomes_a_large_one_is_stopped() -> None:
    with pytest.raises(ExpandsTooFarError):
        unpack(gzip.compress(b"\0" * 10_000_000))


def test_the_limit_is_on_all_members_together() -> None:
    member = gzip.compress(bytes(range(256)) * 3)
    assert len(unpack(member * 4, largest=4 * 768)) == 4 * 768
    with pytest.raises(ExpandsTooFarError):
        unpack(member * 4, largest=4 * 768 - 1)


def test_a_file_of_very_many_members_is_stopped() -> None:
    with pytest.raises(ExpandsTooFarError):
        unpack(gzip.compress(b"") * 2_000)


def test_many_members_in_front_of_a_long_one_are_not_copied_each_time() -> None:
    """A hang guard: copying 20 MB for each member takes seconds."""
    content = random.Random(1).randbytes(20_000_000)
    data = gzip.compress(b"") * 990 + gzip.compress(content, 1)
    started = time.process_time()
    assert unpack(data) == content
    assert time.process_time() - started < 3


@pytest.mark.parametrize("size", [0, 1, 65_510, 65_536, 200_000])
@pytest.mark.parametrize("padding", [0, 1, 100_000])
def test_members_end_anywhere(size: int, padding: int) -> None:
    content = random.Random(size).randbytes(size)
    members = gzip.compress(content) + gzip.compress(b"") + gzip.compress(b"end")
    assert unpack(members + b"\0" * padding) == content + b"end"


def test_as_many_members_as_are_allowed_are_read() -> None:
    assert unpack(gzip.compress(b"x") * 1_000) == b"x" * 1_000


def test_a_member_behind_padding_is_damage() -> None:
    with pytest.raises(DamagedGzipError):
        unpack(gzip.compress(b"one") + b"\0" * 8 + gzip.compress(b"two"))
