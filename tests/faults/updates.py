"""Whether any write of a field was overwritten by somebody who had not seen it.

Every write of a field writes a value of its own and says what it saw before. Those that were applied must therefore form
one chain from the first value to the last: two that saw the same cannot both have been applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.check import Pushed, Server
    from tests.faults.story import Story

TABLES = {"account.change": "account", "person.change": "person", "goal.change": "goal", "visit.change": "visit"}
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Write:
    """A write of one field: what was seen, what was written; `sure` when it is known to have been applied."""

    base: Any
    value: Any
    sure: bool
    by: str


def lost_updates(story: Story, server: Server, pushed: dict[str, Pushed]) -> list[str]:
    """The fields whose applied writes form no chain, and the lists that miss what somebody added."""
    writes: dict[Place, list[Write]] = {}
    lists: dict[Place, list[tuple[set[str], set[str], bool, str]]] = {}

    def note(table: str, row_id: str, name: str, base: Any, mine: Any, sure: bool, by: str, clashed: set[str]) -> None:
        if isinstance(mine, list):
            before, now = set(base or ()), set(mine)
            lists.setdefault((table, row_id, name), []).append((now - before, before - now, sure, by))
        elif isinstance(mine, dict):
            for member in {*mine, *(base or {})}:
                note(table, row_id, f"{name}.{member}", (base or {}).get(member), mine.get(member), sure, by, clashed)
        elif name not in clashed and name.split(".")[0] not in clashed and (base or None) != (mine or None):
            writes.setdefault((table, row_id, name), []).append(Write(base or None, mine or None, sure, by))

    for one in pushed.values():
        record, draft = server.records.get(one.id), server.drafts.get(one.key)
        table = TABLES.get(one.name)
        accepted = draft is not None and draft["status"] == "accepted"
        if table is None or record is None or not (record["result"] in ("applied", "conflict") or accepted):
            continue
        clashed = {clash["field"] for clash in record["answer"].get("conflicts", [])}
        for name, mine in one.args["fields"].items():
            sure = record["result"] != "rejected"
            note(table, one.args["id"], name, one.args["base"].get(name), mine, sure, one.key, clashed)
    for write in story.api:
        if write.status in (200, None):
            for name, mine in write.fields.items():
                base = write.base.get(name)
                note(write.table, write.row_id, name, base, mine, write.status == 200, f"the office {mine}", set())
    faults = [fault for place, found in writes.items() for fault in _chain(place, found, story, server, pushed)]
    return faults + [fault for place, found in lists.items() for fault in _union(place, found, story, server, pushed)]


def _value(place: Place, rows: dict[str, dict[str, dict[str, Any]]]) -> Any:
    table, row_id, name = place
    value: Any = rows[table].get(row_id, {})
    for member in name.split("."):
        value = (value or {}).get(member)
    return value or None


def _first(place: Place, story: Story, pushed: dict[str, Pushed]) -> Any:
    """The value before all writes: of the company as it was founded, or of the mutation that made the row."""
    table, row_id, name = place
    if row_id in story.initial[table]:
        return _value(place, story.initial)
    makers = (one.args for one in pushed.values() if one.args.get("id") == row_id and "fields" not in one.args)
    return next((args.get(name) for args in makers if "account_id" in args), None)


def _chain(place: Place, writes: list[Write], story: Story, server: Server, pushed: dict[str, Pushed]) -> list[str]:
    first, last = _first(place, story, pushed), _value(place, server.rows)
    if _reaches(first, last, writes):
        return []
    told = "; ".join(f"{one.by}: {one.base!r} -> {one.value!r}{'' if one.sure else ' (perhaps)'}" for one in writes)
    return [f"LOST UPDATE: {'/'.join(place)} was {first!r} and is {last!r}, written by {told}"]


def _reaches(now: Any, last: Any, writes: list[Write]) -> bool:
    """Whether all sure writes, each made on what the one before wrote, lead from `now` to `last`."""
    if now == last and not any(one.sure for one in writes):
        return True
    rest = ((one, writes[:place] + writes[place + 1 :]) for place, one in enumerate(writes))
    return any(one.base == now and _reaches(one.value, last, others) for one, others in rest)


def _union(
    place: Place,
    writes: list[tuple[set[str], set[str], bool, str]],
    story: Story,
    server: Server,
    pushed: dict[str, Pushed],
) -> list[str]:
    final = set(_value(place, server.rows) or ())
    first = set(_first(place, story, pushed) or ())
    added = {one for more, _, sure, _ in writes if sure for one in more}
    perhaps = {one for more, less, _, _ in writes for one in more | less}
    removed = {one for _, less, sure, _ in writes if sure for one in less}
    missing = ((first | added) - removed - {one for _, less, _, _ in writes for one in less}) - final
    unknown = final - first - perhaps
    kept = (removed & final) - added
    return [
        f"LOST UPDATE: {'/'.join(place)} {what} {sorted(which)}"
        for what, which in (("misses", missing), ("has what nobody added:", unknown), ("still has", kept))
        if which
    ]
