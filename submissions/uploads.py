"""Stop an upload that is too large while it comes in, before it fills the disk."""

from contextlib import suppress

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, UnreadablePostError
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from submissions.refusals import Refusal

FORM = "multipart/form-data"
CHUNK_BYTES = 64 * 1024


class CappedUploadHandler(FileUploadHandler):
    """Lets chunks pass until the cap, then drops the file and marks the request.

    The rest of the body is read and thrown away, so that the client gets to read the answer.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        if self.received > settings.VERNIER_MAX_UPLOAD_BYTES:
            if self.request is not None:
                self.request.upload_too_large = True  # type: ignore[attr-defined]  # read by is_too_large
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        return None


def is_too_large(request: HttpRequest) -> bool:
    """Whether a file of this request was dropped for its size."""
    return bool(getattr(request, "upload_too_large", False))


def refuse_if_no_form(request: Request) -> None:
    """Raises Refusal when the body is not the form that an upload comes as, whatever it calls itself.

    Told by its `Content-Type` before the body is looked at: a file sent bare would be read as one huge field.
    """
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind != FORM:
        _read_away(request._request)
        raise Refusal("no-form", field="file", found=kind[:100] or "none")
    try:
        request.FILES  # noqa: B018  # reading it is what parses the body
    except ParseError as error:
        raise Refusal("unreadable-form", field="file") from error


def _read_away(request: HttpRequest) -> None:
    """Take in the rest of the body: who is still sending when the connection closes may never see the answer."""
    left = settings.VERNIER_MAX_UPLOAD_BYTES
    with suppress(UnreadablePostError):
        while left > 0 and (chunk := request.read(CHUNK_BYTES)):
            left -= len(chunk)


def refuse_if_unusable(request: HttpRequest) -> None:
    """Raises Refusal when the request's file was dropped for its size or did not come at all."""
    came = request.FILES.get("file")  # reading FILES is what runs the handlers
    if is_too_large(request):
        raise Refusal(
            "file-too-large", field="file", limit=settings.VERNIER_MAX_UPLOAD_BYTES // (1024 * 1024)
        )
    if came is None:
        raise Refusal("file-missing", field="file")
