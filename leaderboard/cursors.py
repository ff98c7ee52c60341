"""Places in an ordered list, as text for an address. Whoever changes the text gets another place, and no more."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self, TypeVar
from uuid import UUID

import msgspec

_Shape = TypeVar("_Shape")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Microseconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_000_000)]  # until the year 9999
_Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class UnreadableCursorError(ValueError):
    """The text was not made here."""


@dataclass(frozen=True, slots=True)
class BoardCursor:
    """After, or with `backwards` before, the row of the board that sorts by these."""

    sort_key: float
    sent_at: datetime
    id: int
    backwards: bool = False

    def encode(self) -> str:
        return _encode((self.sort_key, _microseconds(self.sent_at), self.id, self.backwards))

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises UnreadableCursorError."""
        sort_key, microseconds, row_id, backwards = _decode(text, tuple[float, _Microseconds, _Id, bool])
        return cls(sort_key, _moment(microseconds), row_id, backwards)


@dataclass(frozen=True, slots=True)
class HistoryCursor:
    """Before in time, or with `backwards` after, the submission that came then."""

    received_at: datetime
    id: UUID
    backwards: bool = False

    def encode(self) -> str:
        return _encode((_microseconds(self.received_at), str(self.id), self.backwards))

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises UnreadableCursorError."""
        microseconds, submission_id, backwards = _decode(text, tuple[_Microseconds, UUID, bool])
        return cls(_moment(microseconds), submission_id, backwards)


@dataclass(frozen=True, slots=True)
class PositionCursor:
    """From, or with `backwards` before, this position of a numbered list."""

    position: int
    backwards: bool = False

    def encode(self) -> str:
        return _encode((self.position, self.backwards))

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raises UnreadableCursorError."""
        return cls(*_decode(text, tuple[_Id, bool]))


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def _encode(values: tuple[float | bool | str, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def _decode(text: str, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=shape)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise UnreadableCursorError(text[:100]) from error
