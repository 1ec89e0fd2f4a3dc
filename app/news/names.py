"""Names of companies as they are written in text: words, possessives, legal forms, and what their capitals tell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

_LEGAL_FORMS = """
ab ag aktiengesellschaft aps as asa bhd bv co company corp corporation cv eg ev gbr gmbh group holding holdings inc
incorporated kft kg kgaa kk kommanditgesellschaft lda limited llc llp lp ltd ltda mbh nv ohg oy oyj plc private pte pty
pvt sa sab sarl sas sca sdn se sl spa spzoo sro srl ug zoo zrt
"""
LEGAL_FORMS = frozenset(_LEGAL_FORMS.split())
LEADING_FORMS = frozenset({"ab", "pt", "the"})
SHORT = 4  # letters; a shorter or equal single word may be any abbreviation

_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
# A CJK character is a word of its own, because such text has no spaces to bound a name by.
_WORD = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])[^\W_])+(?:['’ʼ](?:(?![{_CJK}])[^\W_])+)*|&")
_POSSESSIVE = ("'s", "’s", "ʼs")
_APOSTROPHES = str.maketrans("", "", "'’ʼ")


@dataclass(frozen=True)
class Word:
    """A word of a text as it is written, and folded for comparison."""

    written: str
    folded: str
    possessive: bool = False


@cache
def common_words() -> frozenset[str]:
    """Everyday words that prove nothing in lower case."""
    text = (files("app.news") / "common_words.txt").read_text("utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def fold(word: str) -> str:
    """Lower case without apostrophes and accents, for comparison of one word."""
    if word.isascii():
        return "and" if word == "&" else word.lower().translate(_APOSTROPHES)
    decomposed = unicodedata.normalize("NFKD", word.translate(_APOSTROPHES).casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def prepared(text: str) -> str:
    """Compatibility characters replaced (NFKC) and the dots of initials removed: `J.P.` is `JP`."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _INITIALS.sub(lambda match: match.group().replace(".", ""), text) if "." in text else text


def written_words(text: str) -> list[str]:
    """The words of a text as written; `text` must be `prepared`."""
    return _WORD.findall(text)


@lru_cache(maxsize=50_000)
def word_of(written: str) -> Word:
    """A written word with its possessive ending taken off."""
    if written.endswith(_POSSESSIVE) and len(written) > 2:
        return Word(written[:-2], fold(written[:-2]), possessive=True)
    return Word(written, fold(written))


def words_of(text: str) -> tuple[Word, ...]:
    """The words of any text."""
    return tuple(word_of(written) for written in written_words(prepared(text)))


def spellings(name: str) -> Iterator[tuple[Word, ...]]:
    """A name as it may stand in text: in full, and without legal forms and leading articles."""
    full = words_of(name)
    if not full:
        return
    yield full
    last = len(full)
    while last > 1 and (full[last - 1].folded in LEGAL_FORMS or full[last - 1].folded == "and"):
        last -= 1
    if last < len(full):
        yield full[:last]
    if last > 2 and full[0].folded in LEADING_FORMS:
        yield full[1:last]
    if any(word.possessive for word in full):
        yield tuple(Word(word.written + "s", word.folded + "s") if word.possessive else word for word in full)


def needs_capitals(name: Sequence[Word]) -> bool:
    """Whether lower case would be no evidence of the name: all its words are common ones, or it is a short single word.

    A name that its owner writes without any capital letter is taken as it is.
    """
    if not any(word.written != word.written.lower() for word in name):
        return False
    if len(name) == 1 and len(name[0].folded) <= SHORT:
        return True
    return all(word.folded in common_words() or word.folded == "and" for word in name)
