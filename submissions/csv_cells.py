"""What may stand in a cell of a CSV file that people open in a spreadsheet."""

# A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP advises."""
    return f"'{text}" if text.startswith(_FORMULA) else text
