"""Lines of a UVL file: comments away, indentation measured, and lines joined that brackets leave open."""

from dataclasses import dataclass

from app.cpq.reading import ModelError, check_characters

MAX_CHARACTERS = 20_000_000
# As in the grammar of the language, and in Python's.
_TAB = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A line with something on it: number from 1, indentation in columns (a tab goes to the next multiple of 8), text."""

    number: int
    indent: int
    text: str


def lines_of(text: str) -> list[Line]:
    """The lines that say something; ModelError for a comment, a text or a bracket that does not end."""
    if len(text) > MAX_CHARACTERS:
        raise ModelError(0, f"The file has more than {MAX_CHARACTERS:,} characters.")
    check_characters(text)
    lines: list[Line] = []
    opened = 0
    for number, raw in enumerate(_without_comments(text).split("\n"), start=1):
        row = raw.rstrip()
        if not row.strip():
            continue
        if opened:
            before = lines.pop()
            lines.append(Line(before.number, before.indent, f"{before.text} {row.strip()}"))
        else:
            lines.append(Line(number, _indent(row), row.strip()))
        opened += _balance(row)
        if opened < 0:
            raise ModelError(number, "A bracket closes that was not opened.")
    if opened:
        raise ModelError(lines[-1].number, "A bracket that opens here is not closed.")
    return lines


def _indent(row: str) -> int:
    column = 0
    for character in row:
        if character == "\t":
            column = (column // _TAB + 1) * _TAB
        elif character.isspace():
            column += 1
        else:
            break
    return column


def _balance(row: str) -> int:
    """Opening less closing brackets outside of quotes."""
    balance = 0
    quote = before = ""
    for character in row:
        if quote:
            quote = "" if character == quote else quote
        elif character == '"' or (character == "'" and not before.isalnum()):
            quote = character
        elif character in "({[":
            balance += 1
        elif character in ")}]":
            balance -= 1
        before = character
    return balance


def _without_comments(text: str) -> str:
    """`// …` and `/* … */` replaced by spaces; line ends stay. Neither begins inside quotes."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "//" not in text and "/*" not in text:
        return text
    kept: list[str] = []
    at, line, quote = 0, 1, ""
    while at < len(text):
        character, pair = text[at], text[at : at + 2]
        if quote:
            quote = "" if character in (quote, "\n") else quote
        elif pair == "//":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        elif pair == "/*":
            end = text.find("*/", at + 2)
            if end < 0:
                raise ModelError(line, "A comment that begins here does not end.")
            kept.append("\n" * text.count("\n", at, end))
            line += text.count("\n", at, end)
            at = end + 2
            continue
        elif character == '"' or (character == "'" and not text[at - 1 : at].isalnum()):
            quote = character
        line += character == "\n"
        kept.append(character)
        at += 1
    return "".join(kept)
