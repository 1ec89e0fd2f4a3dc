"""What must be true after any schedule: nothing lost, nothing doubled, no update overwritten, phones equal to the server."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson
import sqlalchemy as sa

from app.tables import metadata
from tests.faults import world
from tests.faults.entering import MARK, key_of
from tests.faults.play import Player
from tests.faults.quotes import quote_faults
from tests.faults.story import Entered, Handset
from tests.faults.updates import lost_updates

DONE = ("applied", "conflict")
# Tables whose texts hold the effects of mutations; a mark is in one place, once.
EFFECTS = ("visit", "note", "message", "promise", "goal", "person", "attachment", "quote")
CHANGES = ("account.change", "person.change", "goal.change", "visit.change", "quote.change")
REPLAYED = 12


@dataclass(frozen=True)
class Pushed:
    """A mutation as it was seen on the wire; `place` is the order in which they first were."""

    id: str
    place: int
    name: str
    args: dict[str, Any]
    phone: str

    @property
    def key(self) -> str:
        """By which it is told from others: see `key_of`."""
        return key_of(self.name, self.args)


@dataclass
class Server:
    """What the database holds of the company."""

    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    drafts: dict[str, dict[str, Any]] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)


def read_server(player: Player) -> Server:
    """Everything of the company that the checks look at."""
    found = Server()
    org = player.company.org_id
    with player.bench.database.read() as session:
        for name in (*EFFECTS, "account", "territory", "quote_version", "quote_link"):
            table = metadata.tables[name]
            rows = session.execute(sa.select(table).where(table.c.org_id == org)).mappings()
            found.rows[name] = {str(row["id"]): dict(row) for row in rows}
        records = metadata.tables["mutation_record"]
        for row in session.execute(sa.select(records).where(records.c.org_id == org)).mappings():
            found.records[str(row["id"])] = dict(row)
        drafts = metadata.tables["draft"]
        for row in session.execute(sa.select(drafts).where(drafts.c.org_id == org)).mappings():
            found.drafts[key_of(row["name"], row["args"])] = dict(row)
    for name in EFFECTS:
        for row in found.rows[name].values():
            found.effects.update(MARK.findall(orjson.dumps(row, default=str).decode()))
    return found


async def check(player: Player) -> list[str]:
    """Every promise that was broken, in words."""
    faults = list(player.story.faults)
    server = read_server(player)
    pushed = read_pushes(player)
    phones = {}
    for handset in player.handsets.values():
        phones[handset.name] = await player.bench.phones.call(handset.name, "dump")
    figures = player.story.figures
    figures.update(record["result"] for record in server.records.values())
    figures.update(f"draft {draft['status']}" for draft in server.drafts.values())
    figures["clashes and rejections shown at the end"] += sum(len(phone["attention"]) for phone in phones.values())
    figures["quotes"] += len(server.rows["quote"])
    figures["quotes sent"] += len(server.rows["quote_version"])
    figures["pushes"] += len(player.bench.proxy.pushes)
    faults += _at_rest(phones)
    faults += _accounted(player, server, pushed, phones)
    faults += _all_or_none(player, pushed, phones)
    faults += _clashes_shown(player, server, pushed, phones)
    faults += lost_updates(player.story, server, pushed)
    faults += quote_faults(player.story, server, pushed)
    faults += _own_territory(player, server, phones)
    faults += await _equal_to_a_new_phone(player, phones)
    faults += await _replay(player, server)
    faults += [f"unhandled in a phone: {fault}" for fault in player.bench.phones.unhandled]
    player.bench.phones.unhandled.clear()
    return faults


def read_pushes(player: Player) -> dict[str, Pushed]:
    """Every mutation that was sent, whole or in part, by id."""
    found: dict[str, Pushed] = {}
    for request in player.bench.proxy.pushes:
        for sent in orjson.loads(request.body)["mutations"]:
            place = found[sent["id"]].place if sent["id"] in found else len(found)
            found[sent["id"]] = Pushed(sent["id"], place, sent["name"], sent["args"], request.phone)
    return found


def _at_rest(phones: dict[str, Any]) -> list[str]:
    faults = []
    for name, phone in phones.items():
        if phone["queue"]:
            faults.append(f"{name}: the queue is not empty: {json.dumps(phone['queue'])[:600]}")
        if phone["base"]:
            faults.append(f"{name}: rows are kept under nothing: {json.dumps(phone['base'])[:600]}")
        told = {item["mutation"]["args"].get("id") for item in phone["attention"]}
        told |= {child["args"].get("id") for item in phone["attention"] for child in item.get("children", [])}
        told |= {
            row["args"].get("id")
            for row in phone["rows"]["draft"].values()
            if row.get("mine") and row["state"] == "open"
        }
        if any(blob["id"] not in told for blob in phone["blobs"]):
            faults.append(f"{name}: bytes are left: {phone['blobs']}")
    return faults


def _accounted(player: Player, server: Server, pushed: dict[str, Pushed], phones: dict[str, Any]) -> list[str]:
    """Every mutation that was saved is applied once, kept as a draft, or shown; none has its effect twice."""
    faults = []
    results: dict[tuple[str, str], set[str]] = {}
    for one in pushed.values():
        record = server.records.get(one.id)
        results.setdefault((one.phone, one.key), set()).add(record["result"] if record else "unknown")
    for entered in player.story.entered:
        key = key_of(entered.name, entered.args)
        became = results.get((entered.phone, key), set())
        count = server.effects[entered.mark] if entered.mark else 0
        if entered.taken_back in server.records:
            faults.append(f"{_words(entered)} was taken back, and was done all the same")
        if entered.mark and entered.name not in CHANGES and count > 1:
            faults.append(f"DOUBLED: {_words(entered)} is there {count} times")
        draft = server.drafts.get(key)
        accepted = draft is not None and draft["status"] == "accepted"
        applied = bool(became & set(DONE)) or accepted
        if entered.mark and entered.name not in CHANGES:
            if became & set(DONE) and count == 0:
                faults.append(f"LOST: {_words(entered)} was answered as applied and is not there")
            if count == 1 and not applied:
                faults.append(f"{_words(entered)} is there, and was answered {became or 'never'}")
        if (
            entered.saved
            and not applied
            and draft is None
            and not _shown(entered, key, phones)
            and not _excused(entered)
        ):
            faults.append(f"LOST: {_words(entered)} was saved; the server says {became or 'nothing'}")
        if entered.name == "attachment.add" and entered.saved and applied and not _excused(entered):
            faults += _attachment(entered, server, phones)
    return faults


def _all_or_none(player: Player, pushed: dict[str, Pushed], phones: dict[str, Any]) -> list[str]:
    """What was saved together by a phone whose power failed meanwhile is there in whole or not at all."""
    faults = []
    sent = {(one.phone, one.key) for one in pushed.values()}
    batches: dict[int, list[Entered]] = {}
    for one in player.story.entered:
        if one.saved is None and not _excused(one):
            batches.setdefault(one.batch, []).append(one)
    for batch in batches.values():
        keys = [(one, key_of(one.name, one.args)) for one in batch]
        here = [(one.phone, key) in sent or _shown(one, key, phones) for one, key in keys]
        if any(here) and not all(here):
            faults.append(
                f"HALF of what was saved together: {dict(zip((_words(one) for one in batch), here, strict=True))}"
            )
    return faults


def _excused(entered: Entered) -> bool:
    return entered.given_up or bool(entered.may_be_lost)


def _words(entered: Entered) -> str:
    return f"{entered.name} {entered.mark or entered.args.get('id')} of {entered.phone}"


def _shown(entered: Entered, key: str, phones: dict[str, Any]) -> bool:
    """Whether the phone shows it in *Needs attention*."""
    for item in phones[entered.phone]["attention"]:
        for mutation in [item["mutation"], *item.get("children", [])]:
            if key_of(mutation["name"], mutation["args"]) == key:
                return True
    return False


def _attachment(entered: Entered, server: Server, phones: dict[str, Any]) -> list[str]:
    row = next((row for row in server.rows["attachment"].values() if entered.mark in row["name"]), None)
    if row is None or row["complete"] or _shown(entered, entered.mark, phones):
        return []
    return [f"LOST: {_words(entered)} has {row['received']} of {row['size']} bytes"]


def _clashes_shown(player: Player, server: Server, pushed: dict[str, Pushed], phones: dict[str, Any]) -> list[str]:
    """Every field that clashed is a card on the phone that sent it, until it is settled or entered anew."""
    faults = []
    by_key = {(one.phone, key_of(one.name, one.args)): one for one in player.story.entered}
    for one in pushed.values():
        record = server.records.get(one.id)
        if record is None or record["result"] != "conflict":
            continue
        entered = by_key.get((one.phone, one.key))
        if entered is None or not entered.saved or _excused(entered):
            continue
        for clash in record["answer"]["conflicts"]:
            card = ":".join((clash["entity"], clash["row_id"], clash["field"]))
            if any(item["id"] == card for item in phones[one.phone]["attention"]):
                continue
            if not any(_touches(later, one, clash) for later in pushed.values()):
                faults.append(f"LOST: the clash {card} of {one.key} is not shown on {one.phone}")
    return faults


def _touches(later: Pushed, one: Pushed, clash: dict[str, Any]) -> bool:
    """Whether the phone entered the field anew, or settled the clash."""
    top = clash["field"].split(".")[0]
    same = later.phone == one.phone and later.place > one.place and later.args.get("id") == clash["row_id"]
    return same and (top in later.args.get("fields", {}) or later.name == one.name)


def _own_territory(player: Player, server: Server, phones: dict[str, Any]) -> list[str]:
    """No phone of a rep holds a row of an account that is not the rep's."""
    faults = []
    for handset in player.handsets.values():
        if handset.user == "mia":
            continue
        user_id = player.company.users[handset.user]
        mine = {str(row["account_id"]) for row in server.rows["territory"].values() if str(row["user_id"]) == user_id}
        for row_type, rows in phones[handset.name]["rows"].items():
            for row in rows.values():
                account = row["id"] if row_type == "account" else row.get("account_id")
                if account is not None and account not in mine and row_type != "draft":
                    faults.append(
                        f"{handset.name} holds the {row_type} {row['id']} of an account that is not its rep's"
                    )
    return faults


async def _equal_to_a_new_phone(player: Player, phones: dict[str, Any]) -> list[str]:
    """The rows of each phone are those that a phone gets which signs in now."""
    faults = []
    for user in sorted({handset.user for handset in player.handsets.values()}):
        fresh = Handset(f"new-{user}-{player.company.mark}", user)
        await player._ready(fresh)
        await player.bench.phones.call(fresh.name, "sync")
        expected = (await player.bench.phones.call(fresh.name, "dump"))["rows"]
        await player.bench.phones.do("forget", fresh.name)
        if not expected["me"]:
            faults.append(f"a new phone of {user} got nothing")
        for handset in player.handsets.values():
            if handset.user == user:
                faults += [f"{handset.name}: {one}" for one in differences(phones[handset.name]["rows"], expected)]
    return faults


def differences(held: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """How the rows of a phone differ from those it should have."""
    places = sorted({(kind, row_id) for rows in (held, expected) for kind in rows for row_id in rows[kind]})
    both = ((kind, row_id, held.get(kind, {}).get(row_id), expected[kind].get(row_id)) for kind, row_id in places)
    return [
        f"the {kind} {row_id} is {_short(mine)}, and should be {_short(right)}"
        for kind, row_id, mine, right in both
        if mine != right
    ]


def _short(row: Any) -> str:
    return "absent" if row is None else json.dumps(row, sort_keys=True)[:700]


async def _replay(player: Player, before: Server) -> list[str]:
    """Old pushes that come once more change nothing."""
    pushes = list(player.bench.proxy.pushes)
    random = Random(player.schedule["seed"])
    for request in random.sample(pushes, min(REPLAYED, len(pushes))):
        await player.bench.proxy.replay(request)
    after = read_server(player)
    faults = []
    if set(after.records) != set(before.records):
        faults.append(f"old pushes were done anew: {sorted(set(after.records) - set(before.records))}")
    for table, rows in before.rows.items():
        if rows != after.rows[table]:
            faults.append(f"old pushes changed the table {table}")
    return faults


__all__ = ["Pushed", "Server", "check", "read_pushes", "read_server", "world"]
