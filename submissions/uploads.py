"""Stop an upload that is too large while it comes in, before it fills the disk."""

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from submissions.refusals import Refusal


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


def refuse_if_unusable(request: HttpRequest) -> None:
    """Raises Refusal when the request's file was dropped for its size or did not come at all."""
    came = request.FILES.get("file")  # reading FILES is what runs the handlers
    if is_too_large(request):
        raise Refusal(
            "file-too-large", field="file", limit=settings.VERNIER_MAX_UPLOAD_BYTES // (1024 * 1024)
        )
    if came is None:
        raise Refusal("file-missing", field="file")
