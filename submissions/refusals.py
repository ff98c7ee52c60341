"""What the rules forbid. Sentences and HTTP statuses are found by `code`, elsewhere and in one place each."""

from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818 - a decision of the rules, not an error
    """The rules forbid it; nothing was written and nothing charged.

    `field` names the form field at fault, `params` fill the sentence of wording's REFUSALS[code].
    """

    def __init__(self, code: str, *, field: str | None = None, **params: str | int | float) -> None:
        super().__init__(code, params)
        self.code = code
        self.field = field
        self.params: Mapping[str, str | int | float] = params
