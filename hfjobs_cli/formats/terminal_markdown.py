"""Lay out a page of Markdown for a terminal: headings, paragraphs, lists, tables and code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from hfjobs_cli.text.terminal_text import GAP, cell_width, join_pieces

Piece: TypeAlias = "tuple[str, str | None]"
"""A text and its style, in rich's words."""

Word: TypeAlias = "list[Piece]"
"""The pieces of a word, which is never broken across lines."""

HEADING, CODE, STRONG, LINK, PROMPT = "bold", "cyan", "bold", "underline", "bold"

_INLINE = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)]+)\)")
_ITEM = re.compile(r"(- |\d+\. )(.*)")
_INDENT = 2


def laid_out(markdown: str, width: int, *, color: bool, is_unicode: bool) -> str:
    """Return a page of Markdown as text of a width, with escape codes if `color`."""
    lines = [[*line, ("\n", None)] for line in _blocks(markdown.splitlines(), width, color=color, bullet=is_unicode)]
    return join_pieces((piece for line in lines for piece in line), color=color)


def _blocks(lines: Sequence[str], width: int, *, color: bool, bullet: bool) -> Iterator[Word]:
    """Yield lines as lists of pieces."""
    place = 0
    while place < len(lines):
        line = lines[place]
        end = place + 1
        if line.startswith("```"):
            while end < len(lines) and not lines[end].startswith("```"):
                end += 1
            yield from _code(lines[place + 1 : end], width)
            end += 1
        elif line.startswith("#"):
            yield [(line.lstrip("#").strip(), HEADING)]
        elif line.startswith("|"):
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            yield from _table(lines[place:end], width, color=color)
        elif line:
            item = _ITEM.match(line)
            while end < len(lines) and lines[end] and not _begins_block(lines[end]):
                end += 1
            text = " ".join(each.strip() for each in [item[2] if item else line, *lines[place + 1 : end]])
            mark = "" if item is None else "• " if bullet and item[1] == "- " else item[1]
            for number, words in enumerate(_filled(_words(text, color=color), width - len(mark))):
                yield [(" " * len(mark) if number else mark, None), *words]
        else:
            yield []
        place = end


def _begins_block(line: str) -> bool:
    return line.startswith(("```", "#", "|")) or _ITEM.match(line) is not None


def _code(lines: Sequence[str], width: int) -> Iterator[Word]:
    """Yield code, indented if there is room; commands stand out from their output."""
    longest = max(map(cell_width, lines), default=0)
    indent = " " * max(0, min(_INDENT, width - longest))
    for line in lines:
        yield [(indent + line, PROMPT if line.startswith("$ ") else None)] if line else []


def _words(text: str, *, color: bool) -> list[Word]:
    """Return the words of one paragraph. Without color, code keeps its backticks."""
    words: list[Word] = [[]]
    for piece, style in _inline(text, color=color):
        for part in re.split(r"(\s+)", piece):
            if part.isspace():
                words.append([])
            elif part:
                words[-1].append((part, style))
    return [word for word in words if word]


def _inline(text: str, *, color: bool) -> Iterator[Piece]:
    end = 0
    for found in _INLINE.finditer(text):
        yield text[end : found.start()], None
        end = found.end()
        code, strong, link, address = found.groups()
        if code is not None:
            yield (code if color else found[0]), CODE
        elif strong is not None:
            yield strong, STRONG
        else:
            yield link, LINK
            if "://" in address:
                yield f" ({address})", None
    yield text[end:], None


def _filled(words: Iterable[Word], width: int) -> Iterator[Word]:
    """Yield words on lines up to a width; only words that are longer exceed it."""
    line: Word = []
    used = 0
    for word in words:
        size = _size(word)
        if line and used + 1 + size > width:
            yield line
            line, used = [], 0
        if line:
            line.append((" ", None))
            used += 1
        line += word
        used += size
    if line:
        yield line


def _size(pieces: Iterable[Piece]) -> int:
    return sum(cell_width(text) for text, _ in pieces)


def _table(lines: Sequence[str], width: int, *, color: bool) -> Iterator[Word]:
    """Yield a table: its header in bold, and cells on as many lines as they need."""
    head, _, *rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines]
    texts = [[_words(cell.replace("\\|", "|"), color=color) for cell in row] for row in rows]
    header: list[list[Word]] = [[[(cell.upper(), HEADING)]] if cell else [] for cell in head]
    table = [header, *texts]
    widths = [max(sum(map(_size, row[at])) + len(row[at]) - 1 for row in table) for at in range(len(head))]
    floors = [max((_size(word) for row in table for word in row[at]), default=0) for at in range(len(head))]
    floors = [min(floor, width // (len(head) + 1)) for floor in floors]
    while sum(widths) + GAP * (len(widths) - 1) > width and widths != floors:
        widths[max((at for at, size in enumerate(widths) if size > floors[at]), key=widths.__getitem__)] -= 1
    for row in table:
        cells = [list(_filled(words, size)) for words, size in zip(row, widths, strict=True)]
        while any(_size(line) > widths[0] for line in cells[0]):  # a longer word has a line of its own
            yield cells[0].pop(0)
        for number in range(max(map(len, cells))):
            line: Word = []
            for cell, size in zip(cells, widths, strict=True):
                pieces = cell[number] if number < len(cell) else []
                line += [*pieces, (" " * (size - _size(pieces) + GAP), None)]
            while line and not line[-1][0].strip():
                line.pop()
            yield line
