"""How the command ends: the codes that scripts may rely on, and the error that carries one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FINE = 0
USAGE = 2  # as argparse ends
REJECTED = 3  # the answer file is at fault
FAILED = 4  # the site is at fault
REFUSED = 5  # the rules, or the token, forbid it
UNREACHABLE = 6  # no answer, or none that is Vernier's, also after all tries
GATE = 7  # scored, and `--fail-if` says no
UNFINISHED = 8  # the time to wait ran out, or the submission was cancelled
INTERRUPTED = 130  # Ctrl-C, as shells count it


class StopError(Exception):
    """The command ends here, with this code and this sentence; `errors` are the site's, the first of
    `errors_total`, if it named some, and `error_counts` how many there are of each code. `submission` is the id of the
    one that it is about, where there is one already."""

    def __init__(
        self,
        exit_code: int,
        sentence: str,
        *,
        code: str = "",
        status: int | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        errors_total: int | None = None,
        error_counts: Mapping[str, int] | None = None,
        submission: str | None = None,
    ) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
        self.sentence = sentence
        self.code = code
        self.status = status
        self.errors = list(errors)
        self.errors_total = len(self.errors) if errors_total is None else errors_total
        self.error_counts = dict(error_counts or {})
        self.submission = submission

    def body(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "error": {
                "code": self.code,
                "detail": self.sentence,
                "status": self.status,
                "errors": self.errors,
                "submission": self.submission,
            },
            "exit_code": self.exit_code,
        }


def interrupted(sentence: str = "Interrupted. What was sent is sent: vernier list shows it.") -> StopError:
    return StopError(INTERRUPTED, sentence, code="interrupted")


def usage(sentence: str) -> StopError:
    return StopError(USAGE, sentence, code="usage")
