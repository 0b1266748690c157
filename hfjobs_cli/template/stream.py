"""The tokens of a template as a parser takes them: one after the other, with a look ahead."""

from __future__ import annotations

from collections.abc import Iterable

from hfjobs_cli.template.errors import TemplateError
from hfjobs_cli.template.lexer import Kind, Token, tokens


class TokenStream:
    """The tokens of `source` from where the parser stands."""

    def __init__(self, source: str) -> None:
        """Stand before the first token."""
        self.source = source
        self._tokens = tokens(source)
        self._ahead: list[Token] = []

    def peek(self, place: int = 0) -> Token:
        """Return a token that comes, the next one by default. Raises TemplateError where it cannot be read."""
        while len(self._ahead) <= place:
            token = next(self._tokens)
            if token.kind is Kind.ERROR:
                raise self.error(token.text, token)
            self._ahead.append(token)
        return self._ahead[place]

    def next(self) -> Token:
        """Return the next token, and go on to the one behind it."""
        token = self.peek()
        self.skip(1)
        return token

    def skip(self, count: int) -> None:
        """Go on behind some tokens that have been seen."""
        del self._ahead[:count]

    def skip_space(self) -> Token:
        """Return the next token that is no space, which is still to come."""
        while self.peek().kind is Kind.SPACE:
            self.next()
        return self.peek()

    def expect(self, kinds: Iterable[Kind], where: str) -> Token:
        """Return the next token that is no space, and go on. Raises TemplateError if it is of no such kind."""
        token = self.skip_space()
        if token.kind not in kinds:
            raise self.unexpected(token, where)
        return self.next()

    def error(self, message: str, token: Token, hint: str | None = None) -> TemplateError:
        """Return the error for a token."""
        return TemplateError(message, self.source, token.at, hint)

    def unexpected(self, token: Token, where: str) -> TemplateError:
        """Return the error for a token that cannot stand here."""
        named = token.kind in (Kind.END, Kind.SPACE)
        return self.error(f"unexpected {token.kind.value if named else repr(token.text)} in {where}", token)
