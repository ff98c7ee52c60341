"""What the guides in docs/ say is what the code does."""

import json
import re
import secrets
import string
import textwrap
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from scoring import definition
from scoring.benchmarks.mmad import importer
from submissions import courier, deliveries, signatures, tokens
from submissions.api.serializers import Upload
from submissions.forms import SETTING_CHOICES
from submissions.models import Entry

DOCS = Path(__file__).parents[2] / "docs"


def guide(name: str) -> str:
    return (DOCS / name).read_text()


def block(text: str, start: str) -> str:
    """The indented block that begins so, without its indent."""
    _before, found, rest = text.partition(f"\n    {start}")
    assert found, start
    return textwrap.dedent((found + rest).partition("\n\n")[0])


def test_the_organizers_example_can_be_imported() -> None:
    example = block(guide("organizers.md"), '{"VisA/')
    release = importer.read(example.encode(), definition.load("mmad"))
    assert list(release.abnormal) == [False, True, True]
    assert release.ids[-1] in guide("organizers.md")
    assert len(json.loads(example)) == 2


def test_the_organizers_guide_lists_every_source_dataset_and_type() -> None:
    rules = definition.load("mmad")
    for name in (*rules.source_datasets, *rules.folds, *rules.raw_type_of):
        assert f"`{name}`" in guide("organizers.md").replace("\n", " ").replace("  ", " ")


def table(text: str, head: str) -> dict[str, str]:
    """By each name in the first column, the second column."""
    rows = text.partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [row.strip("|").split("|") for row in rows]
    return {name: row[1] for row in cells for name in re.findall("`(.+?)`", row[0])}


def test_the_settings_are_listed_with_every_value_they_take() -> None:
    listed = table(guide("participants.md"), "setting")
    assert list(listed) == [*Entry.SETTINGS, *Entry.LINKS]
    for name, choices in SETTING_CHOICES.items():
        assert re.findall("`(.+?)`", listed[name]) == [value for value, _words in choices]


def test_the_upload_is_described_with_every_field() -> None:
    fields = table(guide("ci.md"), "field")
    assert set(Upload().fields) == {*fields, *Entry.SETTINGS, *Entry.LINKS}
    for name in Entry.SETTINGS:
        assert f"`{name}`" in guide("ci.md")


def test_the_expression_and_the_check_for_scanners_know_tokens_and_nothing_else() -> None:
    text = guide("tokens.md")
    code = text.partition("```python\n")[2].partition("```")[0]
    expression = text.partition("```text\n")[2].partition("\n```")[0]
    told: dict[str, Any] = {}
    exec(code, told)  # noqa: S102  # the guide’s own lines
    is_token = told["is_token"]
    for _number in range(200):
        body = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(30))
        made = f"vrn_{body}{tokens.checksum(body)}"
        assert re.findall(expression, f'TOKEN="{made}"\n') == [made]
        assert is_token(made)
        assert tokens.is_well_formed(made)
        mistyped = made[:20] + ("x" if made[20] != "x" else "y") + made[21:]
        assert not is_token(mistyped)
    assert not re.findall(expression, f"{made}A my{made} {made[:-1]}")


def test_the_worked_example_of_a_token_holds() -> None:
    text = guide("tokens.md")
    example, body, number, check = re.findall(
        r"`(vrn_\w{36})` passes.*?CRC-32 of `(\w{30})` is (\d+), in base 62 `(\w{6})`", text, re.DOTALL
    )[0]
    assert example == f"vrn_{body}{check}"
    assert int(number) == zlib.crc32(body.encode())
    assert tokens.is_well_formed(example)


def test_the_check_in_the_guide_to_webhooks_knows_what_is_genuine() -> None:
    names: dict[str, Any] = {}
    text = guide("webhooks.md")
    start = text.index("    import base64, hashlib")
    exec(textwrap.dedent(text[start : text.index("\n\nThe body is what")]), names)  # noqa: S102 - the guide's own
    secret, now = signatures.new_secret(), datetime.now(UTC)
    old = signatures.headers([secret], "msg_1", "{}", now=now - timedelta(minutes=6))
    both = signatures.headers([signatures.new_secret(), secret], "msg_1", "{}", now=now)
    assert names["is_genuine"](secret, both, b"{}")
    assert not names["is_genuine"](secret, both, b"{ }")
    assert not names["is_genuine"](secret, {**both, "webhook-id": "msg_2"}, b"{}")
    assert not names["is_genuine"](signatures.new_secret(), both, b"{}")
    assert not names["is_genuine"](secret, old, b"{}")


def test_the_library_of_the_standard_reads_what_the_guide_says_it_does() -> None:
    names: dict[str, Any] = {"secret": signatures.new_secret(), "body": b'{"type": "ping"}'}
    names["headers"] = signatures.headers(
        [signatures.new_secret(), names["secret"]], "msg_1", names["body"].decode(), now=datetime.now(UTC)
    )
    text = guide("webhooks.md")
    start = text.index("    from standardwebhooks")
    lines = textwrap.dedent(text[start : text.index("\n\n## Answer")])
    exec(lines, names)  # noqa: S102 - the guide's own
    assert names["message"] == {"type": "ping"}
    with pytest.raises(WebhookVerificationError):
        exec(lines, {**names, "body": b"{}"})  # noqa: S102


def test_the_guide_to_webhooks_names_every_message_and_every_gap() -> None:
    text = guide("webhooks.md")
    assert set(re.findall(r"^\| `([a-z.]+)` \|", text, re.MULTILINE)) - {"type"} == {
        *deliveries.TYPES.values(),
        "ping",
    }
    assert "5 seconds, 1, 5 and 30 minutes, 2, 5, 7 and 9 hours" in text
    hours = [gap.total_seconds() / 3600 for gap in courier.GAPS]
    assert hours == [5 / 3600, 1 / 60, 5 / 60, 0.5, 2, 5, 7, 9]
    assert set(json.loads(block(text, "{").replace("…", "x"))) == {"type", "timestamp", "data"}
