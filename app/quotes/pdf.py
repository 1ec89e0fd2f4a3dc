"""A quote as PDF/A-3a and PDF/UA-1, set by typst from a document (`document.quote_document`).

Everything that people wrote travels as data (`sys.inputs`) and is set as text; no source is ever put together from it. The
fonts are those inside the typst package, so that every machine sets the same pages. One warm compiler serves the process.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import orjson
import typst

from app.quotes.pdf_text import laid_out

TEMPLATE = Path(__file__).parent / "templates" / "quote.typ"
Form = Literal["pdf", "png"]
# A font that lacks a character, or a character that PDF/A forbids: named so by typst, in its own escapes.
_UNPRINTABLE = re.compile(
    r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed|contains the codepoint `"((?:[^"\\]|\\.)*)"`'
)
_SUSPECTS: tuple[tuple[str, ...], ...] = (("M", "C"), ("So", "Sk"))
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
REPLACEMENT = "\ufffd"
MAX_PASSES = 8


class PdfError(RuntimeError):
    """A document that could not be set; says why in typst's words."""


@dataclass(frozen=True)
class Attachment:
    """A file inside the PDF; `relationship` as in PDF/A-3 (data, source, supplement)."""

    name: str
    data: bytes
    description: str
    relationship: str = "data"


class _Press:
    """The process's one compiler. It remembers nothing of a document: what is in one never shows in another."""

    def __init__(self) -> None:
        fonts = typst.Fonts(include_system_fonts=False)
        self._compiler = typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=fonts, ignore_system_fonts=True)
        self._lock = threading.Lock()

    def print(self, inputs: dict[str, str], shown: str, made: datetime, form: Form) -> Any:
        """Set the document, with � for what no font has, as often as it takes to know all of that."""
        unprintable: set[str] = set()
        with self._lock:
            for _ in range(MAX_PASSES):
                text = shown.translate({ord(one): REPLACEMENT for one in unprintable})
                try:
                    return self._compiler.compile(
                        sys_inputs={**inputs, "quote": text},
                        format=form,
                        pdf_standards=["a-3a", "ua-1"] if form == "pdf" else [],
                        timestamp=made,
                    )
                except typst.TypstError as error:
                    found = _unprintable_in(error.diagnostic)
                    if not found - unprintable:
                        raise PdfError(error.message) from error
                    unprintable |= found
        raise PdfError("The document has too many characters that no font has.")


@cache
def _press() -> _Press:
    return _Press()


def _unprintable_in(diagnostic: str) -> set[str]:
    """The characters to blame for what typst says it cannot print."""
    texts = [_ESCAPE.sub(_unescaped, one or other) for one, other in _UNPRINTABLE.findall(diagnostic)]
    odd = {one for text in texts for one in text if (not one.isascii() or not one.isprintable()) and one != REPLACEMENT}
    # What stands in one cluster with such a character is refused with it, though a font has it: so marks, joiners and
    # signs go first, and a letter only when it is refused again in the next pass, without them.
    tiers = ({one for one in odd if unicodedata.category(one).startswith(kinds)} for kinds in _SUSPECTS)
    return next((tier for tier in tiers if tier), odd)


def _unescaped(match: re.Match[str]) -> str:
    code, plain = match.groups()
    return chr(int(code, 16)) if code else {"n": "\n", "t": "\t", "r": "\r"}.get(plain, plain)


def quote_pdf(document: Mapping[str, Any], data: bytes) -> bytes:
    """The PDF of a quote, with `data` (the JSON that the version's hash is of) attached as quote.json.

    An accepted version has the acceptance on its last page and as acceptance.json. The same input gives the same bytes.
    Raises PdfError when it cannot be set.
    """
    return bytes(_print(document, data, "pdf"))


def quote_pictures(document: Mapping[str, Any], data: bytes) -> list[bytes]:
    """The pages as PNG, to be looked at."""
    made = _print(document, data, "png")
    return list(made) if isinstance(made, list) else [made]


def _print(document: Mapping[str, Any], data: bytes, form: Form) -> Any:
    files = [Attachment("quote.json", data, "The data of this version of the quote")]
    if document.get("acceptance"):
        acceptance = orjson.dumps(document["acceptance"], option=orjson.OPT_SORT_KEYS)
        files.append(Attachment("acceptance.json", acceptance, "The acceptance of this version", "supplement"))
    listed = [
        {"name": one.name, "input": f"file-{place}", "relationship": one.relationship, "description": one.description}
        for place, one in enumerate(files)
    ]
    issued = date.fromisoformat(document["issued_on"])
    shown = {**laid_out(document), "files": listed, "date": [issued.year, issued.month, issued.day]}
    inputs = {f"file-{place}": one.data.decode() for place, one in enumerate(files)}
    made = datetime(issued.year, issued.month, issued.day, tzinfo=UTC)
    return _press().print(inputs, orjson.dumps(shown).decode(), made, form)
