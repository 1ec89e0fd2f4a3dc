"""Which accounts a news item speaks of, by their names, their aliases and the names of the competitors they watch."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ahocorasick_rs import AhoCorasick, MatchKind

from app.news.names import SHORT, Word, common_words, needs_capitals, prepared, spellings, word_of, written_words

CASED_WORDS_FOR_STYLE = 3  # fewer words than this say nothing about how a headline is capitalised


class Relation(StrEnum):
    """Why an item is shown with an account."""

    SELF = "self"
    COMPETITOR = "competitor"
    TOPIC = "topic"


@dataclass(frozen=True)
class WatchedName:
    """A name to look for on behalf of an account."""

    account_id: str
    relation: Relation
    text: str


@dataclass(frozen=True)
class Mention:
    """An account that an item is about; `matched` is the name as the item writes it."""

    account_id: str
    relation: Relation
    matched: str


@dataclass(frozen=True)
class _Spelling:
    words: tuple[Word, ...]
    careful: bool
    watchers: tuple[tuple[str, Relation], ...]


class Style(StrEnum):
    """How the words of a text are capitalised, which decides what a capital letter proves."""

    SENTENCE = "sentence"
    TITLE = "title"
    CAPITALS = "capitals"


class NameIndex:
    """All watched names in one automaton: a text is searched once, however many names there are."""

    def __init__(self, names: Iterable[WatchedName]) -> None:
        watchers: dict[str, dict[tuple[str, Relation], None]] = {}
        words: dict[str, tuple[Word, ...]] = {}
        for name in names:
            for spelling in spellings(name.text):
                pattern = _joined(word.folded for word in spelling)
                words.setdefault(pattern, spelling)
                watchers.setdefault(pattern, {})[(name.account_id, name.relation)] = None
        self._spellings = [
            _Spelling(spelling, needs_capitals(spelling), tuple(watchers[pattern]))
            for pattern, spelling in words.items()
        ]
        self._automaton = AhoCorasick(list(words), matchkind=MatchKind.Standard) if words else None

    def find(self, text: str) -> tuple[Mention, ...]:
        """The mentions in one text. Where names overlap the longest is the one meant."""
        if self._automaton is None:
            return ()
        words = [word_of(written) for written in written_words(prepared(text))]
        hits = self._automaton.find_matches_as_indexes(_joined(word.folded for word in words), overlapping=True)
        if not hits:
            return ()
        return self._chosen(words, hits)

    def _chosen(self, words: Sequence[Word], hits: Iterable[tuple[int, int, int]]) -> tuple[Mention, ...]:
        place, position = {}, 0
        for index, word in enumerate(words):
            place[position] = index
            position += len(word.folded) + 2
        style = _style(words)
        taken: set[int] = set()
        found: dict[tuple[str, Relation], Mention] = {}
        spans = [(place[start], self._spellings[pattern]) for pattern, start, _ in hits]
        for first, spelling in sorted(spans, key=lambda span: (-len(span[1].words), span[0])):
            span = range(first, first + len(spelling.words))
            if taken.intersection(span):
                continue
            if spelling.careful and not _capitals_prove(spelling.words, words, first, style):
                continue
            taken.update(span)
            matched = " ".join(words[index].written for index in span)
            for account_id, relation in spelling.watchers:
                found.setdefault((account_id, relation), Mention(account_id, relation, matched))
        return tuple(found.values())


def mentions_of(index: NameIndex, title: str, summary: str, feed_account_id: str | None) -> tuple[Mention, ...]:
    """Everyone an item is about, by its title and its summary.

    An account that has a feed of its own gets every item of it: as itself when it is named, else as a topic of its own.
    An account that is named itself is not also given the same item for a competitor.
    """
    found: dict[tuple[str, Relation], Mention] = {}
    for mention in (*index.find(title), *index.find(summary)):
        found.setdefault((mention.account_id, mention.relation), mention)
    named = {account_id for account_id, relation in found if relation is Relation.SELF}
    kept = [
        mention for mention in found.values() if mention.relation is Relation.SELF or mention.account_id not in named
    ]
    if feed_account_id is not None and feed_account_id not in {mention.account_id for mention in kept}:
        kept.append(Mention(feed_account_id, Relation.TOPIC, ""))
    return tuple(kept)


@dataclass
class NameIndexCache:
    """The index of the names last seen, built again only when they differ.

    `version` is anything cheap that changes when names may have changed; only then are the names loaded and compared.
    """

    names: tuple[WatchedName, ...] = ()
    _version: Hashable = None
    _index: NameIndex = field(default_factory=lambda: NameIndex(()))

    def get(self, version: Hashable, load: Callable[[], Iterable[WatchedName]]) -> NameIndex:
        """The index for `version`, from `load()` when that is new."""
        if version != self._version:
            names = tuple(load())
            if names != self.names:
                self._index, self.names = NameIndex(names), names
            self._version = version
        return self._index


def _joined(folded: Iterable[str]) -> str:
    """Words with a space on either side of each, so that a pattern begins and ends at whole words."""
    joined = "  ".join(folded)
    return f" {joined} "


def _style(words: Sequence[Word]) -> Style:
    """Sentence case unless the long words are nearly all capitalised or the whole text is in capital letters."""
    telling = [word.written for word in words[1:] if len(word.written) > 3 and word.written[0].isalpha()]
    if len(telling) < CASED_WORDS_FOR_STYLE:
        return Style.SENTENCE
    if all(written.isupper() for written in telling):
        return Style.CAPITALS
    capitalised = sum(written[0].isupper() for written in telling)
    return Style.TITLE if capitalised >= 0.8 * len(telling) else Style.SENTENCE


def _capitals_prove(name: Sequence[Word], words: Sequence[Word], first: int, style: Style) -> bool:
    """Whether the capitals at `words[first:]` are evidence that the name is meant and not its everyday words.

    A headline in capital letters proves nothing. In a headline that capitalises every word, a common word counts only
    where a subject stands: at the beginning or with a possessive.
    """
    here = words[first : first + len(name)]
    if style is Style.CAPITALS:
        return len(name) > 1
    if not all(_same_case(own, found) for own, found in zip(name, here, strict=True)):
        return False
    common = len(name) == 1 and name[0].folded in common_words() and not name[0].written.isupper()
    return not (common and style is Style.TITLE) or first == 0 or here[-1].possessive


def _same_case(own: Word, found: Word) -> bool:
    """Capital for capital: `ABB` only as ABB, `Shell` as Shell or SHELL, `eBay` as eBay or Ebay or EBAY.

    Longer initials that are no everyday word are often written as a name: `SEBI` as Sebi, `NATO` as Nato.
    """
    if own.written == own.written.lower():
        return True
    if len(own.written) > 1 and own.written.isupper() and (len(own.folded) < SHORT or own.folded in common_words()):
        return found.written.isupper()
    return found.written == own.written or found.written[:1].isupper()
