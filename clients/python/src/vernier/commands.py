"""What each command does: asks the site, says the answer, and returns the code that it ends with."""

from __future__ import annotations

import argparse
import getpass
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from vernier import exits, files, gates, identity, settings, shapes, summary, tokens, voice, waiting
from vernier.exits import StopError
from vernier.results import Difference, Result
from vernier.settings import Settings
from vernier.site import Form, Site, body
from vernier.tokens import Token
from vernier.voice import Voice

INVALID = "invalid-answers"  # the code of a dry run's problem document when the file is at fault
ENDS = {"rejected": exits.REJECTED, "failed": exits.FAILED, "cancelled": exits.UNFINISHED}
_HOW_TO_GET_ONE = {
    False: "set VERNIER_TOKEN, or run vernier login.",
    True: "give the job `permissions: id-token: write` (trusted publishing), or set VERNIER_TOKEN.",
}


@dataclass(frozen=True)
class Context:
    """What every command has at hand."""

    options: argparse.Namespace
    settings: Settings
    environment: Mapping[str, str]
    voice: Voice

    @contextmanager
    def site(self, *, needs_token: bool = True, token: Token | None = None) -> Iterator[Site]:
        """The site, asked with its token. Raises StopError when one is needed and there is none."""
        url, renew = self.settings.url(), None
        if token is None:
            self._name_the_folders_site(url)
            token = tokens.given(self.environment)
        if token is None and needs_token and identity.is_there(self.environment):
            self._warn()
            mint = identity.minter(
                self.settings, self.environment, patience=self.options.patience, voice=self.voice
            )
            token, renew = mint(), mint if identity.is_renewable(self.environment) else None
        elif token := token or tokens.kept(url, self.environment):
            self._warn()
        elif needs_token:
            raise exits.usage(
                f"No token for {url}: {_HOW_TO_GET_ONE[bool(self.environment.get('GITHUB_ACTIONS'))]}"
            )
        with Site(url, token, patience=self.options.patience, voice=self.voice, renew=renew) as site:
            yield site

    def _name_the_folders_site(self, url: str) -> None:
        """Say where a secret goes, where it is the folder that chooses: it may be another's checkout."""
        secret = next(
            (name for name in ("VERNIER_TOKEN", identity.GIVEN) if self.environment.get(name)), None
        )
        if secret and self.settings.is_url_of_the_folder():
            self.voice.note(f"{secret} goes to {url}, which {settings.FILE} in this folder names.")

    def _warn(self) -> None:
        if self.settings.is_in_the_clear():
            url = self.settings.url()
            self.voice.note(f"Careful: {url} is not https, so the token travels readable for others.")


def login(context: Context) -> int:
    """Keep a token for the site, once the site knows it."""
    url = context.settings.url()
    token = Token(_typed(url))
    with context.site(token=token) as site:
        _try_out(site, context.settings.get("benchmark"))
    path = token.keep(url, tokens.folder(context.environment))
    context.voice.result({"url": url, "kept_in": str(path)}, f"The token for {url} is kept in {path}.")
    return exits.FINE


def _typed(url: str) -> str:
    """From the keyboard unseen, else the first line of what is piped in. Never an option: others see these."""
    if sys.stdin.isatty():
        return getpass.getpass(f"Token for {url} (not shown): ")
    if line := sys.stdin.readline().strip():
        return line
    raise exits.usage("There is no terminal to ask for a token: pipe it in, or set VERNIER_TOKEN instead.")


def _try_out(site: Site, slug: str) -> None:
    """Raises StopError when the site does not know the token."""
    for each in [slug] if slug else _slugs(site, 1):
        with _naming(site, each):
            body(site.get(f"benchmarks/{each}/submissions/"), {"results": [shapes.STATE]})


def validate(context: Context) -> int:
    """Have a file checked without sending it in: nothing is scored, nothing counts."""
    path, slug = files.checked(context.options.file), context.settings.benchmark()
    with context.site() as site, files.sendable(path, context.voice) as sent:
        form = Form(sent, sent.name, _about_the_file(context.settings))
        try:
            with _naming(site, slug):
                found = body(site.post(f"benchmarks/{slug}/validate/", form), shapes.CHECK)
        except StopError as stop:
            # Of the file itself, as a rejected submission would say it, or as it would not even be taken.
            if stop.code != INVALID and not any(error.get("field") == "file" for error in stop.errors):
                raise
            told = {
                "valid": False,
                "errors": stop.errors,
                "errors_total": stop.errors_total,
                "error_counts": stop.error_counts,
            }
            context.voice.result(told, stop.sentence, *voice.further(stop), *_beyond(stop))
            return exits.REJECTED
    shares = f"records for {_percent(found['present'])}, replies read of {_percent(found['coverage'])} of the questions"
    context.voice.result(found, f"The file would be scored: {found['format']}, {shares}.")
    return exits.FINE


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _beyond(stop: StopError) -> Iterator[str]:
    if stop.errors_total > len(stop.errors):
        yield f"  … {stop.errors_total} problems in all"


@contextmanager
def _naming(site: Site, slug: str) -> Iterator[None]:
    """While something of this benchmark is asked for: if there is none, that is said, with those that there are."""
    try:
        yield
    except StopError as stop:
        if stop.code != "not-found" or slug in (known := _slugs(site, 1000)):
            raise
        said = f"There is no benchmark “{slug}” at {site.url}. Known are: {', '.join(known[:20]) or 'none'}."
        raise StopError(exits.REFUSED, said, code=stop.code, status=stop.status) from None


def _slugs(site: Site, most: int) -> list[str]:
    return [row["slug"] for row in islice(site.pages("benchmarks/", shapes.NAMED), most)]


@contextmanager
def _about(submission_id: str, *, gated: bool = False) -> Iterator[None]:
    """While it is about this submission: whatever ends it names the submission, and how to go on with it."""
    try:
        yield
    except (StopError, KeyboardInterrupt) as error:
        stop = error if isinstance(error, StopError) else exits.interrupted("Interrupted.")
        stop.submission = submission_id
        if stop.exit_code in (exits.UNREACHABLE, exits.UNFINISHED, exits.INTERRUPTED):
            again = (
                ", or the same file sent again with the same --fail-if, which takes it up" if gated else ""
            )
            stop.sentence += f" To go on: vernier status {submission_id} --wait{again}."
        raise stop from None


def submit(context: Context) -> int:
    """Send a file in; wait for its score and judge it, where that is asked for."""
    try:
        return _submit(context)
    except StopError as stop:
        if context.options.summary:
            summary.append(context.options.summary, tokens.without_tokens(summary.of_stop(stop)))
        if context.options.outputs:
            known = f"vernier_id={stop.submission}\n" if stop.submission else ""
            summary.append(context.options.outputs, f"{known}vernier_passed=no\n")
        raise


def _submit(context: Context) -> int:
    options, said = context.options, context.settings
    path, slug = files.checked(options.file), said.benchmark()
    asked = wanted_gates(said)
    fields = {"entry": said.needed("entry"), **_about_the_file(said), **said.declared()}
    if visibility := said.get("visibility"):
        fields["visibility"] = visibility
    # One key for all tries: whatever breaks, the site makes one submission.
    key = options.idempotency_key or str(uuid.uuid4())
    with context.site() as site:
        with _naming(site, slug):
            gates.refuse_if_senseless(asked, site, slug, partial=fields["partial"])
            with files.sendable(path, context.voice) as sent:
                answer = site.post(f"benchmarks/{slug}/submissions/", Form(sent, sent.name, fields, key))
        state, is_new = body(answer, shapes.STATE), answer.status_code == 202
        context.voice.note(f"Submission {state['id']}: {state['links']['page']}")
        if not is_new:
            context.voice.note(
                f"This very file was sent for this entry before, at {state['received_at']}: nothing is charged."
            )
        if not (options.wait or asked or options.summary or options.outputs):
            return _told(context, state)
        with _about(state["id"], gated=bool(asked)):
            return _ended(context, site, state, asked, is_new=is_new)


def _about_the_file(said: Settings) -> dict[str, Any]:
    named = {name: value for name in ("team", "frame") if (value := said.get(name))}
    return {"partial": said.several("partial"), **named}


def wanted_gates(said: Settings) -> list[gates.Gate]:
    try:
        return [gates.parse(text) for text in said.several("fail_if")]
    except argparse.ArgumentTypeError as error:
        raise exits.usage(str(error)) from None


def status(context: Context) -> int:
    """Say what became of a submission."""
    submission_id = context.options.id
    with context.site(needs_token=identity.is_there(context.environment)) as site, _about(submission_id):
        state = body(site.get(f"submissions/{submission_id}/"), shapes.STATE)
        if context.options.wait:
            state = _finished(context, site, state)
    return _told(context, state)


def _finished(context: Context, site: Site, state: dict[str, Any]) -> dict[str, Any]:
    if state["status"] in waiting.FINISHED:
        return state
    return waiting.for_submission(site, state["id"], seconds=context.options.timeout, voice=context.voice)


def _ended(
    context: Context, site: Site, state: dict[str, Any], asked: list[gates.Gate], *, is_new: bool
) -> int:
    """Wait for the end, judge it, and write down what the pipeline is to show of it."""
    options = context.options
    state = _finished(context, site, state)
    result, judged = None, []
    if state["status"] == "scored":
        result = Result(site, state, seconds=options.timeout, voice=context.voice, is_new=is_new)
        judged = [gates.judge(gate, result) for gate in asked]
    if options.summary:
        told = summary.of_ended(state) if result is None else summary.of_scored(result, judged)
        summary.append(options.summary, tokens.without_tokens(told))
    if options.outputs:
        lines = [f"vernier_{name}={value}\n" for name, value in summary.values(state, result, judged).items()]
        summary.append(options.outputs, tokens.without_tokens("".join(lines)))
    return _told(context, state, judged or None)


def _told(context: Context, state: dict[str, Any], judged: list[gates.Judgement] | None = None) -> int:
    """Say the state and the judgements; the code that they come to."""
    found = state if judged is None else {**state, "gates": [each.body() for each in judged]}
    context.voice.result(found, *_of_state(state), *(_of_gate(each) for each in judged or ()))
    if not all(each.passed for each in judged or ()):
        return exits.GATE
    return ENDS.get(state["status"], exits.FINE)


def _of_state(state: Mapping[str, Any]) -> Iterator[str]:
    if state["status"] == "scored":
        coverage = state.get("coverage")
        of = f", coverage {100 * coverage:.1f} %" if coverage is not None else ""
        yield f"scored: {voice.score(state)}{of}, {state['visibility']}"
    else:
        yield f"{state['status']}: {state['id']}"
    errors, total = state.get("errors") or [], state.get("errors_total") or 0
    yield from voice.problems(errors)
    if total > len(errors) > 0:
        yield f"  … {total} problems in all: {state['links'].get('problems', '')}"


def _of_gate(judged: gates.Judgement) -> str:
    return f"{judged.gate.text}: {gates.PASSED[judged.passed]}. {judged.detail}"


def listing(context: Context) -> int:
    """The team's submissions, newest first."""
    slug, entry = context.settings.benchmark(), context.options.of_entry
    with context.site() as site, _naming(site, slug):
        found = site.pages(f"benchmarks/{slug}/submissions/", shapes.STATE)
        rows = list(
            islice((row for row in found if entry in (None, row["entry"]["name"])), context.options.limit)
        )
    if context.voice.as_json:
        context.voice.json({"results": rows})
        return exits.FINE
    heads = ("id", "entry", "status", "visibility", "score", "received")
    cells = [
        (row["id"], row["entry"]["name"], row["status"], row["visibility"], _score(row), row["received_at"])
        for row in rows
    ]
    context.voice.table(heads, cells, numbers=("score",))
    return exits.FINE


def publish(context: Context) -> int:
    """Make a submission public. Again: no change."""
    with context.site() as site:
        state = body(site.post(f"submissions/{context.options.id}/publish/"), shapes.STATE)
    context.voice.result(state, f"{state['id']} is {state['visibility']}. {state['links']['page']}")
    return exits.FINE


def board(context: Context) -> int:
    """The public board, the best first."""
    asked = {"column": context.options.column, "division": context.options.division}
    params = {name: value for name, value in asked.items() if value}
    slug = context.settings.benchmark()
    with context.site(needs_token=False) as site, _naming(site, slug):
        found = site.pages(f"benchmarks/{slug}/leaderboard/", shapes.BOARD_ROW, **params)
        rows = list(islice(found, context.options.limit))
    if context.voice.as_json:
        context.voice.json({"results": rows})
        return exits.FINE
    cells = []
    for row in rows:
        entry, team = row["entry"], row.get("team") or ""
        cells.append((_rank(row), entry["name"], team, voice.score(row), row["kind"], entry.get("id") or ""))
    heads = ("rank", "entry", "team", "score", "kind", "entry’s id")
    context.voice.table(heads, cells, numbers=("rank", "score"))
    return exits.FINE


def _rank(row: Mapping[str, Any]) -> str:
    low, high = row.get("rank_low"), row.get("rank_high")
    return f"{low}–{high}" if low and high and low != high else str(row.get("rank") or "")


def _score(row: Mapping[str, Any]) -> str:
    return "" if row.get("score") is None else f"{row['score']:.2f}"


def compare(context: Context) -> int:
    """Which of two entries is better, by what stands for them on the board; or which of two submissions."""
    options, slug = context.options, context.settings.benchmark()
    of, ids = "submissions" if options.submissions else "entries", (options.first, options.second)
    # Whoever reads submissions of their own has to say who they are; the board is everybody's.
    needs_token = options.submissions and identity.is_there(context.environment)
    with context.site(needs_token=needs_token) as site, _naming(site, slug):
        try:
            found = waiting.for_comparison(
                site, slug, seconds=options.timeout, voice=context.voice, **{of: ",".join(ids)}
            )
        except StopError as stop:
            if stop.code == "compare-unknown":
                stop.sentence += " Of two submissions, give their ids with --submissions."
            raise
    lines = _of_two(found, ids) if options.submissions else (_sentence(pair) for pair in found["pairs"])
    context.voice.result(found, *lines)
    return exits.FINE


def _of_two(found: Mapping[str, Any], ids: tuple[str, str]) -> Iterator[str]:
    """With their ids: two tries of one entry have the same name."""
    names = [
        f"{side.get('name') or 'submission'} ({id_})" for side, id_ in zip(found.get("entries") or (), ids)
    ]
    for pair in found["pairs"]:
        told = Difference.of(pair)
        if told is None or told.verdict not in gates.VERDICTS or len(names) != len(ids):
            yield _sentence(pair)
        else:
            yield f"{names[0]} is {gates.VERDICTS[told.verdict]} {names[1]}{told.on}: {told.points()}."


def _sentence(pair: Mapping[str, Any]) -> str:
    return str(pair.get("sentence") or pair.get("fault") or "The site compared them without a verdict.")
