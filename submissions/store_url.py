"""What names a store: `file:///folder` on this machine, or `s3://bucket`."""

from pathlib import Path
from urllib.parse import unquote, urlsplit


def read(url: str) -> Path | str:
    """The folder, or the name of the bucket. Raises ValueError for what names no store."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return Path(unquote(parts.path))
    if parts.scheme == "s3" and parts.netloc and not parts.path.strip("/"):
        return parts.netloc
    raise ValueError("must look like file:///folder or s3://bucket")
