"""Servers that break a promise, for the tests of the harness itself: it must find each of them out."""

from __future__ import annotations

from collections.abc import Callable


def forget_records() -> None:
    """Mutations are done, and what was answered is not remembered."""
    from app.sync import records

    records.write = lambda _session, _rows: None


def overwrite() -> None:
    """The last writer wins: no field ever clashes."""
    from app.sync import merge

    merge._scalar = lambda name, _base, mine, _theirs: merge.Merged({name: mine})


def answer_without_doing() -> None:
    """What is rejected is called applied."""
    from app.sync import records

    records.rejected = lambda _problem, _draft=None: records.applied()


def forget_clashes() -> None:
    """What was made on top of a clash is taken for something else."""
    from app.sync import mutation, push

    made = mutation.Made
    push.Made = lambda *given: made(*given[:5])


BREAKS: dict[str, Callable[[], None]] = {
    "forget records": forget_records,
    "overwrite": overwrite,
    "answer without doing": answer_without_doing,
    "forget clashes": forget_clashes,
}
