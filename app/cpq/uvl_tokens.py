"""Words of one UVL line, and a cursor over them."""

import re

from app.cpq.reading import ModelError
from app.cpq.uvl_lines import Line

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>"[^"]*")
    | (?P<string>'[^']*')
    | (?P<sign><=>|=>|==|!=|<=|>=|\.\.|[()\[\]{},!&|<>=+\-*/.:;])
    | (?P<word>[^\s()\[\]{},!&|<>=+\-*/.:;"'][^\s()\[\]{},!&|<>=+*/.:"]*)
    )""",
    re.VERBOSE,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_PUNCTUATION = frozenset("()[]{},!&|<>=+-*/.:;") | {"<=>", "=>", "==", "!=", "<=", ">=", ".."}


def tokens_of(line: Line) -> list[str]:
    """Names (quoted ones keep their quotes), strings and signs; ModelError for a quote that does not end."""
    tokens: list[str] = []
    at = 0
    text = line.text
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            if not text[at:].strip():
                break
            raise ModelError(
                line.number, f"This cannot be read: {text[at : at + 30].strip()!r}; a quote may be missing."
            )
        tokens.append(found[0].strip())
        at = found.end()
    return tokens


class Cursor:
    """Reads tokens from left to right; every complaint is a ModelError with the line."""

    def __init__(self, tokens: list[str], line: Line) -> None:
        self.tokens = tokens
        self.line = line
        self.at = 0

    def more(self, beyond: int = 0) -> bool:
        """Whether there is a token, or one `beyond` it."""
        return self.at + beyond < len(self.tokens)

    def peek(self) -> str:
        """The next token; empty at the end of the line."""
        return self.tokens[self.at] if self.more() else ""

    def take(self, expected: str | None = None) -> str:
        """The next token, which must be `expected` when that is given."""
        token = self.peek()
        if expected is not None and token != expected:
            raise self.error(f"`{expected}` is expected and {self._shown(token)} found.")
        self.at += 1
        return token

    def name(self, what: str) -> str:
        """A name, without its quotes; parts joined by dots are one name."""
        parts = [self._part(what)]
        while self.peek() == ".":
            self.take()
            parts.append(self._part(what))
        return ".".join(parts)

    def _part(self, what: str) -> str:
        token = self.peek()
        if not token or token in _PUNCTUATION or token.startswith("'"):
            raise self.error(f"{what} is expected and {self._shown(token)} found.".capitalize())
        part = self.take()
        if part.startswith('"'):
            part = part[1:-1]
            if not part.strip():
                raise self.error("A name is empty.")
        return part

    def attributes(self) -> list[int]:
        """Pass over `{name value, …}`, which says nothing about what can be chosen but for the constraints among it.

        Gives where those begin: after each name `constraint` or `constraints`.
        """
        found: list[int] = []
        opened = ["}"]
        names = True
        self.take("{")
        while opened:
            word = self.take()
            if not word:
                raise self.error("The attributes do not end with `}`.")
            if word in _CLOSING:
                opened.append(_CLOSING[word])
            elif word in "])}":
                if word != opened.pop():
                    raise self.error(f"`{word}` closes what was opened by another bracket.")
            elif names and word in ("constraint", "constraints"):
                found.append(self.at)
            names = word in "{," and opened[-1:] == ["}"]
        return found

    def bounds(self) -> tuple[int, int | None]:
        """`a..b]`, `a..*]` or `a]` after the bracket."""
        least = self._number()
        most: int | None = least
        if self.peek() == "..":
            self.take()
            if self.peek() == "*":
                self.take()
                most = None
            else:
                most = self._number()
        self.take("]")
        if most is not None and most < least:
            raise self.error(f"A group of [{least}..{most}] can never be.")
        return least, most

    def _number(self) -> int:
        token = self.take()
        if not re.fullmatch(r"\d{1,6}", token, re.ASCII):
            raise self.error(f"A whole number is expected and {self._shown(token)} found.")
        return int(token)

    def end(self) -> None:
        """Nothing may follow."""
        if self.more():
            raise self.error(f"{self._shown(self.peek())} stands after the end of what this line says.")

    def error(self, detail: str) -> ModelError:
        """A complaint about this line."""
        return ModelError(self.line.number, detail)

    @staticmethod
    def _shown(token: str) -> str:
        return repr(token[:40]) if token else "the end of the line"
