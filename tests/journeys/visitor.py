"""Somebody in a browser, as far as HTTP goes: cookies, forms with their secret, links followed by their words."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

PASSWORD = "correct horse battery staple"


@dataclass
class Visitor:
    """A person with a session of their own."""

    base_url: str
    address: str = ""
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def post(self, path: str, page: str = "", **fields: str) -> httpx.Response:
        """Send the form that stands on `page`, else at `path` itself; the answer is where it led."""
        self.get(page or path)
        return self._ask("POST", path, data=fields | {"csrfmiddlewaretoken": self.cookies["csrftoken"]})

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        with httpx.Client(timeout=60, trust_env=False, follow_redirects=True, cookies=self.cookies) as http:
            url = path if path.startswith("http") else self.base_url + path
            answer = http.request(method, url, headers={"Referer": url}, **options)
            self.cookies = http.cookies
            return answer

    def sign_up(self) -> "Visitor":
        """Make the account, and confirm the address by the link in the mail that the site keeps."""
        passwords = {"password1": PASSWORD, "password2": PASSWORD}
        self.post("/accounts/signup/", email=self.address, **passwords).raise_for_status()
        for mail in re.findall(r'href="(/mail/[^"]+/)"', self.get("/mail/").text):
            text = html.unescape(self.get(mail).text)
            link = re.search(r"https?://\S*?(/accounts/confirm-email/[^\s\"<]+)", text)
            if link and self.address in text:
                self.post(link.group(1)).raise_for_status()
                return self
        raise AssertionError(f"no mail to {self.address}")

    def sign_in(self) -> "Visitor":
        answer = self.post("/accounts/login/", login=self.address, password=PASSWORD)
        assert "/accounts/login/" not in str(answer.url), answer.text
        return self
