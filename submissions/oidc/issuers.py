"""Whose identity tokens are taken, and where the repositories that they speak of are seen."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from submissions.models import Publisher

GITHUB = "token.actions.githubusercontent.com"
GITHUB_SUBDOMAIN = "token.actions."  # of an enterprise at ghe.com
GITHUB_SERVER = "/_services/token"


@dataclass(frozen=True, slots=True)
class Issuer:
    """A service on the list; `url` is its name to the letter."""

    kind: Publisher.Kind
    url: str

    @property
    def host(self) -> str:
        """The issuer without its scheme, as GitLab begins the address of a CI file."""
        return self.url.partition("://")[2]

    @property
    def web(self) -> str:
        """Where its repositories are seen; empty where that is not by HTTPS, because nobody is led there."""
        parts = urlsplit(self.url)
        if parts.scheme != "https":
            return ""
        if self.kind == Publisher.Kind.GITLAB:
            return self.url
        if parts.netloc == GITHUB:
            return "https://github.com"
        if parts.netloc.startswith(GITHUB_SUBDOMAIN):
            return f"https://{parts.netloc.removeprefix(GITHUB_SUBDOMAIN)}"
        return f"https://{parts.netloc}{parts.path.removesuffix(GITHUB_SERVER)}"

    @property
    def label(self) -> str:
        """How people call it."""
        return f"{self.kind.label} ({urlsplit(self.web or self.url).netloc})"


def known() -> list[Issuer]:
    """Those on the site's list, in its order."""
    return [Issuer(Publisher.Kind(kind), url) for kind, url in settings.VERNIER_OIDC_ISSUERS]


def find(url: str) -> Issuer | None:
    """The issuer of exactly this name."""
    return next((issuer for issuer in known() if issuer.url == url), None)
