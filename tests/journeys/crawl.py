"""Somebody's browser that opens every page it can find."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx

# Followed, these would end the session, lead on without end, or show once more what is seen without them.
LEFT_OUT = re.compile(
    r"/static/|/admin/logout/|/admin/jsi18n/|[?&](?:o|e|_facets|_to_field|sort|next|_changelist_filters)="
    r"|/admin/[^?]*\?[^&]*&"  # two of an admin list's filters at once
)
MOST_PAGES = 1000
# Pages by the tens of thousands, of which a few show what all show: questions, and the pages of their lists.
ALIKE = re.compile(r"https?://[^/]+/benchmarks/[\w-]+/questions/(?:\?|(?=.))")
MOST_ALIKE = 4


class Links(HTMLParser):
    """The addresses that a page leads to, and those that its forms post to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            value for name, value in attrs if name in ("href", "src", "action", "hx-get") and value
        ]


def addresses(value: object) -> Iterator[str]:
    """Every address in a JSON document."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from addresses(each)
    elif isinstance(value, str) and value.startswith("http"):
        yield value


def leads_to(answer: httpx.Response) -> list[str]:
    """The addresses in an answer, absolute."""
    kind = answer.headers.get("Content-Type", "")
    if answer.is_redirect:
        return [urljoin(str(answer.url), answer.headers["Location"])]
    if kind.startswith("text/html"):
        page = Links()
        page.feed(answer.text)
        return [urljoin(str(answer.url), link) for link in page.found]
    if kind.partition(";")[0] in ("application/json", "application/problem+json"):
        return list(addresses(json.loads(answer.text)))
    return []


@dataclass
class Crawl:
    """Opens what it is given and all that is found from there on the same site; keeps every answer."""

    http: httpx.Client
    base_url: str
    headers: dict[str, str] = field(default_factory=dict)
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    posted: dict[str, httpx.Response] = field(default_factory=dict)
    alike: Counter[str] = field(default_factory=Counter)

    def everything(self, start: Iterable[str]) -> None:
        """Raises AssertionError when a page is broken, or when there are too many."""
        given = [urljoin(self.base_url, url) for url in start]
        waiting = list(given)
        while waiting:
            url = urldefrag(waiting.pop()).url
            if url in self.answers or LEFT_OUT.search(url) or not self._is_here(url):
                continue
            if url not in given and self._is_one_of_many(url):
                continue
            answer = self.http.get(url, headers=self.headers, follow_redirects=False)
            assert answer.status_code < 500 or url.endswith("/readyz"), f"{answer.status_code} {url}"
            self.answers[url] = answer
            assert len(self.answers) <= MOST_PAGES, f"no end to the pages: {sorted(self.answers)}"
            waiting += leads_to(answer)

    def post(self, chosen: Callable[[str], bool]) -> None:
        """Send nothing, as one of the site's own forms would, to the chosen addresses that take no GET."""
        refused = [url for url, answer in self.answers.items() if answer.status_code == 405]
        # From the end of the alphabet: a member gets a role before being removed.
        for url in sorted(filter(chosen, refused), reverse=True):
            form = {"X-CSRFToken": self.http.cookies.get("csrftoken") or "", "Referer": url}
            answer = self.http.post(url, headers=form | self.headers, follow_redirects=False)
            assert answer.status_code < 500, f"{answer.status_code} {url}"
            self.posted[url] = answer

    def _is_one_of_many(self, url: str) -> bool:
        """Whether enough of its kind were opened."""
        kind = ALIKE.match(url)
        if kind is not None:
            self.alike[kind.group()] += 1
        return kind is not None and self.alike[kind.group()] > MOST_ALIKE

    def _is_here(self, url: str) -> bool:
        return urlsplit(url).netloc == urlsplit(self.base_url).netloc
