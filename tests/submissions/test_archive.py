"""A backup's file: what was written is what is read, and whatever was done to it shows."""

import gzip
import hashlib
import io
import stat
import tarfile
from pathlib import Path

import pytest

from submissions import archive

CONTENT = {"one": b"1" * 100_000, "folder/two": b"", "three": bytes(range(256)) * 4000}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "file.tar.gz"
    with archive.writing(path) as writer:
        for name, content in CONTENT.items():
            writer.add(name, io.BytesIO(content))
        sha256 = writer.close()
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    return path


def content_of(path: Path) -> dict[str, bytes]:
    return {member.name: member.content.read() for member in archive.members(path)}


def changed(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """The same file with other members, whole to gzip and tar."""
    with gzip.open(path, "wb") as zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


def parts(path: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(path) as tar:
        return [(info, (tar.extractfile(info) or io.BytesIO()).read()) for info in tar]


def test_what_was_written_is_read(written: Path) -> None:
    assert content_of(written) == CONTENT


def test_tar_reads_it_too_and_nobody_else_does(written: Path) -> None:
    assert {info.name for info, _content in parts(written)} == {*CONTENT, archive.END}
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_it_can_be_written_without_a_change_in_what_is_read(written: Path) -> None:
    assert content_of(changed(written, parts(written))) == CONTENT


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_damaged(written: Path, share: float) -> None:
    whole = written.read_bytes()
    written.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(archive.DamagedArchiveError):
        content_of(written)


def test_every_changed_byte_shows(written: Path) -> None:
    whole = written.read_bytes()
    for place in range(10, len(whole) - 8, len(whole) // 50):
        written.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(archive.DamagedArchiveError):
            content_of(written)


def test_a_member_that_was_changed_left_out_added_or_moved_shows(written: Path) -> None:
    one, two, three, end = parts(written)
    other = (one[0], b"2" * 100_000)
    for members in ([other, two, three, end], [two, three, end], [one, one, two, three, end],
                    [two, one, three, end], [one, two, three]):  # fmt: skip
        with pytest.raises(archive.DamagedArchiveError):
            content_of(changed(written, members))


def test_nothing_is_overwritten(written: Path) -> None:
    before = written.read_bytes()
    with pytest.raises(FileExistsError), archive.writing(written):
        pass
    assert written.read_bytes() == before


def test_what_broke_off_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(AttributeError), archive.writing(tmp_path / "file") as writer:
        writer.add("one", None)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
