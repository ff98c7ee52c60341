"""Read settings from the environment, and fail loudly when one cannot be used."""

import os
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from submissions import store_url

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
LOOPBACK = ("", "*", "127.0.0.1", "localhost", "[::1]")


def text(name: str, default: str = "", *, one_of: tuple[str, ...] = ()) -> str:
    """The variable's text; raises ImproperlyConfigured when it is not one of the allowed words."""
    value = os.environ.get(name, default)
    if one_of and value not in one_of:
        raise ImproperlyConfigured(f"{name}={value!r}: must be one of {', '.join(filter(None, one_of))}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """The variable's comma-separated words."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def issuers(name: str, default: str) -> list[tuple[str, str]]:
    """Whose identity tokens are taken: `github=https://…` and `gitlab=https://…`, by spaces or commas; empty: nobody's.

    Plain HTTP is for this machine alone.
    """
    found = []
    for word in os.environ.get(name, default).replace(",", " ").split():
        kind, _equals, url = word.partition("=")
        parts = urlsplit(url)
        allowed = ("https", "http") if parts.hostname in LOOPBACK_HOSTS else ("https",)
        plain = f"{parts.scheme}://{parts.netloc}{parts.path}"
        if (
            kind not in ("github", "gitlab")
            or parts.scheme not in allowed
            or not parts.hostname
            or parts.username is not None
            or url != plain
            or url.endswith("/")
        ):
            raise ImproperlyConfigured(
                f"{name}: {word!r} must look like github=https://token.actions.githubusercontent.com or "
                "gitlab=https://gitlab.example.org, without a slash at its end."
            )
        found.append((kind, url))
    if len({url for _kind, url in found}) < len(found):
        raise ImproperlyConfigured(f"{name}: an issuer stands there twice.")
    return found


def networks(name: str) -> list[str]:
    """The variable's comma-separated networks, `10.1.0.0/16` or a single address."""
    given = words(name)
    for word in given:
        try:
            ip_network(word)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {word!r} is no network such as 10.1.0.0/16.") from error
    return given


def flag(name: str, *, default: bool) -> bool:
    """Yes or no: 1, true, yes, on or 0, false, no, off."""
    value = os.environ.get(name, "").lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    if value:
        raise ImproperlyConfigured(f"{name}={value!r}: must be 1 or 0.")
    return default


def number(name: str, default: int) -> int:
    """The variable as a whole number."""
    value = os.environ.get(name) or str(default)
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name}={value!r}: must be a whole number.")
    return int(value)


def store(name: str, folder: Path) -> str:
    """The URL of a store: `file:///folder`, by default of this one, or `s3://bucket`."""
    value = os.environ.get(name) or folder.as_uri()
    try:
        store_url.read(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={value!r}: {error}.") from error
    return value


def origin(name: str, port: int, *, hosts: Sequence[str]) -> str:
    """The address at which people find the site, `https://host` or `http://host:port`; mail leads to it.

    Not given, it is the first of the site's hosts, by HTTPS, and where that is this machine, its port: no request tells
    a worker.
    """
    given = os.environ.get(name, "").rstrip("/")
    if not given:
        host = next(iter(hosts), "").lstrip(".")
        return f"http://127.0.0.1:{port}" if host in LOOPBACK else f"https://{host}"
    parts = urlsplit(given)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or given != f"{parts.scheme}://{parts.netloc}"
    ):
        raise ImproperlyConfigured(
            f"{name}={given!r}: must look like https://vernier.example.org, without a path."
        )
    return given


def secret_key(var: Path, *, embedded: bool) -> str:
    """`VERNIER_SECRET_KEY`, or on the embedded default a key made once and kept in `var`.

    Elsewhere the key must be given: with one made on each host, a session would hold on that host alone.
    """
    given = os.environ.get("VERNIER_SECRET_KEY")
    if given:
        return given
    if not embedded:
        raise ImproperlyConfigured(
            "VERNIER_SECRET_KEY is not set. Every process of the site needs the same one; make it once with: "
            'python -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    path = var / "secret_key"
    try:
        return _kept_key(path)
    except PermissionError as error:
        raise ImproperlyConfigured(
            f"This user may not use {error.filename}. Set VERNIER_VAR to the site's own folder and run this as the "
            "user whom the site runs as. In production, where there is no such folder, run it with the site's "
            "environment (VERNIER_DATABASE_URL and the rest: deploy/manage.sh has it)."
        ) from error


def _kept_key(path: Path) -> str:
    var = path.parent
    if not path.exists():
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(get_random_secret_key())
        try:
            # A link, not a rename: of two processes that start at once, both must use the first key.
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()


def database(url: str, var: Path) -> Mapping[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name`, or for SQLite in `var` when empty."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": var / "vernier.sqlite3",
            "OPTIONS": {
                # Without IMMEDIATE, a transaction that reads before it writes fails under load instead of waiting.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
            },
            "CONN_MAX_AGE": 60,
            # A file in tests too: threads that upload at once need connections of their own.
            "TEST": {"NAME": var / "tests.sqlite3"},
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "VERNIER_DATABASE_URL must look like postgresql://user:password@host:5432/name."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # A host that is gone is given up on: connecting in seconds, and with a query on its way in milliseconds.
        "OPTIONS": {"connect_timeout": 5, "tcp_user_timeout": 20_000},
    }


def mail(url: str, var: Path, *, embedded: bool) -> Mapping[str, Any]:
    """Django's mail settings for `smtp://user:password@host:port` (`smtps://` for TLS from the first byte).

    `file:///path` keeps mail in that folder. So does the embedded default without a URL, under `var`, which it shows
    on a page. Elsewhere the URL must be given: a link that confirms an address would be kept where nobody looks.
    """
    if not url and not embedded:
        raise ImproperlyConfigured(
            "VERNIER_EMAIL_URL is not set. Set it to the server that sends this site's mail, "
            "smtp://user:password@host:587, or to file:///path to keep all mail in a folder of this machine."
        )
    parts = urlsplit(url or (var / "mail").as_uri())
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/") and parts.path.strip("/"):
        return {"EMAIL_BACKEND": "submissions.mailbox.Backend", "EMAIL_FILE_PATH": unquote(parts.path)}
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ImproperlyConfigured(
            "VERNIER_EMAIL_URL must look like smtp://user:password@host:587 or file:///path."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and parts.port not in (25, 1025),
        "EMAIL_TIMEOUT": 10,
    }
