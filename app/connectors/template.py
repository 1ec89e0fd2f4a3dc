"""Texts made of columns: `{account}/{number:06}`, with parts in square brackets that fall away when they are not known.

`{column}` is the cell; `{column:lower}`, `{column:upper}`, `{column:slug}` and `{column:06}` (zeros in front, so that
numbers sort as text) change how it is written. `{{`, `}}`, `[[` and `]]` are the characters themselves.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{([^{}]*)\}|[\[\]{}]|[^\[\]{}]+")
_PAD = re.compile(r"0([1-9]\d?)")
Write = Callable[[str], str]


class TemplateError(ValueError):
    """A template that cannot be read."""


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits, joined by hyphens: `Mei-Mei Jöns` → `mei-mei-jons`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _padded(width: int) -> Write:
    return lambda text: text.zfill(width)


@dataclass(frozen=True, slots=True)
class Part:
    """A cell and how to write it."""

    column: str
    write: Write | None = None


@dataclass(frozen=True, slots=True)
class Optional:
    """Parts that are left out together when one of their cells says nothing."""

    parts: tuple["str | Part", ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template; `columns` in the order of first use."""

    text: str
    parts: tuple["str | Part | Optional", ...]
    columns: tuple[str, ...]

    def renderer(self, missing: Collection[str]) -> Callable[[Sequence[str]], str | None]:
        """A function from the cells of `columns` to the text; None when a cell outside brackets is in `missing`."""
        place = {column: index for index, column in enumerate(self.columns)}

        def join(parts: Sequence["str | Part | Optional"], cells: Sequence[str]) -> str | None:
            written = []
            for part in parts:
                if isinstance(part, str):
                    written.append(part)
                elif isinstance(part, Optional):
                    written.append(join(part.parts, cells) or "")
                else:
                    cell = cells[place[part.column]].strip()
                    if cell in missing:
                        return None
                    written.append(part.write(cell) if part.write else cell)
            return "".join(written)

        return lambda cells: join(self.parts, cells)


def parse(text: str) -> Template:
    """Read a template; TemplateError says what is wrong with it."""
    pieces = _pieces(text)
    parts, closed = _parts(pieces, text, inside=False)
    if closed:
        raise TemplateError(f"{text!r} has a ] without its [; write ]] for the character")
    names: dict[str, None] = {}
    for part in parts:
        for inner in part.parts if isinstance(part, Optional) else (part,):
            if isinstance(inner, Part):
                names[inner.column] = None
    return Template(text, tuple(parts), tuple(names))


def _pieces(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        yield match[0]


def _parts(pieces: Iterator[str], text: str, *, inside: bool) -> tuple[list["str | Part | Optional"], bool]:
    parts: list[str | Part | Optional] = []
    for piece in pieces:
        if piece in ("{{", "}}", "[[", "]]"):
            parts.append(piece[0])
        elif piece == "[":
            if inside:
                raise TemplateError(f"{text!r} has brackets inside brackets")
            within, closed = _parts(pieces, text, inside=True)
            if not closed:
                raise TemplateError(f"{text!r} has a [ that is not closed")
            parts.append(Optional(tuple(part for part in within if not isinstance(part, Optional))))
        elif piece == "]":
            return parts, True
        elif piece in ("{", "}"):
            raise TemplateError(f"{text!r} has a {piece} that stands alone; write {piece * 2} for the character")
        elif piece[0] == "{":
            parts.append(_part(piece[1:-1], text))
        else:
            parts.append(piece)
    return parts, False


def _part(inner: str, text: str) -> Part:
    column, _, style = inner.rpartition(":") if ":" in inner else (inner, "", "")
    if not column.strip():
        raise TemplateError(f"{text!r} has braces without a column")
    if not style:
        return Part(column)
    writers: dict[str, Write] = {"lower": str.lower, "upper": str.upper, "slug": slug}
    if style in writers:
        return Part(column, writers[style])
    pad = _PAD.fullmatch(style)
    if pad is None:
        raise TemplateError(f"{text!r}: unknown style {style!r}; there are lower, upper, slug and a width such as 06")
    return Part(column, _padded(int(pad[1])))
