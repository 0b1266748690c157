"""The width of text in character cells; CJK characters and emojis take two."""

GAP = 2
"""Blanks between two columns."""

HELP_COLUMNS = 80
"""How wide help is, everywhere."""

MAX_PADDED = 250
"""How wide a column is made where nothing is cut; a longer cell just takes more. A script can be 200 KB."""


def cell_width(text: str) -> int:
    """Return how many character cells `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # 2 ms, and most output is plain ASCII

    return cell_len(text)


def padding(cell: int, column: int) -> str:
    """Return the blanks between a cell of some width and the next column."""
    return " " * (max(0, column - cell) + GAP)


def help_row(head: str, text: str) -> str:
    """Return a row of help: behind its `head` a text, which goes on below itself where 80 columns are too few."""
    from textwrap import fill

    below = " " * len(head)
    return fill(
        text, HELP_COLUMNS, initial_indent=head, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )
