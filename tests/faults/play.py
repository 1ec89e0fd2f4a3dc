"""Plays one schedule: does each step to the phones, the server or the network, and keeps what was promised to whom."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.faults import world
from tests.faults.bench import Bench
from tests.faults.entering import MARK, OLD, NothingToDo, Screen, enter, key_of
from tests.faults.office import Office
from tests.faults.phones import ClientError, Dead
from tests.faults.story import Entered, Handset, Story

Step = dict[str, Any]
PHOTO_BYTES = (200, 300_000, 700_000)


class Player:
    """Plays on a bench; one at a time."""

    def __init__(self, bench: Bench, schedule: dict[str, Any]) -> None:
        self.bench = bench
        self.schedule = schedule
        self.company = world.found(bench.database)
        self.story = Story(self.company, initial=world.rows_of(bench.database, self.company))
        # The names are new each time, so that nothing of another schedule is found.
        self.handsets = {
            name: Handset(f"{name}-{self.company.mark}", user) for name, user in schedule["phones"].items()
        }
        self.aside: set[asyncio.Task[None]] = set()
        self.office = Office(bench, self.company, self.story)
        self._number = -1

    async def play(self) -> Story:
        """Every step, in order."""
        for number, step in enumerate(self.schedule["steps"]):
            self._number = number
            self.story.figures[f"step: {step.get('kind', step['do'])}"] += 1
            self.story.log.append(f"-- {number} {json.dumps(step)}")
            await getattr(self, f"_{step['do']}")(step)
        await self._join({})
        return self.story

    async def settle(self) -> None:
        """Faults off; every phone syncs until it has nothing more to say."""
        await self.bench.proxy.heal()
        await self.bench.server_back()
        for handset in self.handsets.values():
            await self.bench.phones.do("spare", handset.name)
        for _ in range(8):
            # What one phone sends changes what another holds: at rest is a round in which nobody sends anything.
            await self.bench.server_back()
            begun = len(self.bench.proxy.log)
            busy = [await self._settle_phone(handset) for handset in self.handsets.values()]
            if not any(busy) and all("POST /api/v1/sync/pull" in one for one in self.bench.proxy.log[begun:]):
                return
        self.story.faults.append("the phones did not come to rest after eight rounds")

    async def _settle_phone(self, handset: Handset) -> bool:
        """Sync once without faults; whether it is worth another round."""
        try:
            await self._ready(handset)
            before = await self.bench.phones.call(handset.name, "dump")
            await self.bench.phones.call(handset.name, "sync")
            after = await self.bench.phones.call(handset.name, "dump")
        except (ClientError, Dead) as fault:
            self.story.log.append(f"{handset.name} while settling: {fault!r}")
            return True
        return bool(before != after or after["queue"])

    def close(self) -> None:
        """Forget what runs on the side."""
        for task in self.aside:
            task.cancel()

    async def forget(self) -> None:
        """Throw the phones away."""
        for handset in self.handsets.values():
            await self.bench.phones.do("forget", handset.name)

    # What keeps a phone usable

    def handset(self, step: Step) -> Handset:
        """The phone of a step."""
        return self.handsets[step["phone"]]

    async def _ready(self, handset: Handset, tab: str = "a") -> None:
        """The tab is open and somebody is signed in. ClientError when that needs a network that is not there."""
        phones = self.bench.phones
        for _ in range(4):
            # A page that loads itself anew, as after a sign-out, is opened again.
            with contextlib.suppress(Dead):
                if tab not in await phones.do("tabs", handset.name):
                    await phones.do("open", handset.name, tab, live=self.schedule.get("live", False))
                state = await phones.call(handset.name, "state", tab=tab)
                if state["signedIn"] and not state["signInNeeded"]:
                    if state.get("group") != handset.doomed:
                        handset.doomed = ""  # it was told, and is another device now
                    return
                await phones.call(handset.name, "signIn", self.company.email(handset.user), world.PASSWORD, tab=tab)
        raise Dead

    async def _usable(self, step: Step) -> bool:
        """Whether the phone of a step can be used at all now."""
        handset = self.handset(step)
        try:
            await self._ready(handset, step["tab"])
        except (ClientError, Dead) as fault:
            self.story.log.append(f"{handset.name} is not usable: {fault!r}")
            return False
        return True

    # Steps

    async def _make(self, step: Step) -> None:
        if not await self._usable(step):
            return
        handset = self.handset(step)
        phones = self.bench.phones
        try:
            screen = await self._screen(handset, step)
            if step["kind"] in OLD:
                await self._make_old(handset, step, screen)
                return
            if step["kind"] == "attachment":
                await self._photo(handset, step, screen)
                return
            writes = enter(step["kind"], screen)
        except NothingToDo:
            self.story.log.append("   nothing to do that to")
            return
        except Dead:
            return
        entered = [self._note_entered(handset, name, args) for name, args in writes]
        try:
            last = bool(step.get("last"))
            hold = step.get("hold", 0)
            ids = await phones.call(
                handset.name, "make", writes, hold, tab=step["tab"], fuse=step.get("fuse"), last=last
            )
            saved: bool | None = True
            if step.get("take_back") and not last:
                for one, mutation in zip(entered, ids, strict=True):
                    await self._take_back(handset, step, one, mutation)
        except Dead:
            saved = None
            self.story.figures["power failed in a save"] += 1
        except ClientError as fault:
            self.story.log.append(f"   the phone did not save it: {fault}")
            saved = False
        for one in entered:
            one.saved = saved

    async def _take_back(self, handset: Handset, step: Step, entered: Entered, mutation: str) -> None:
        """The rep thinks better of it, perhaps too late."""
        entered.given_up = True  # also when the power fails before the phone says which it was
        if await self.bench.phones.call(handset.name, "takeBack", mutation, tab=step["tab"]):
            entered.taken_back = mutation
            self.story.figures["taken back"] += 1
        else:
            entered.given_up = False

    def _note_entered(self, handset: Handset, name: str, args: dict[str, Any]) -> Entered:
        marks = MARK.findall(json.dumps(args.get("fields", args)))
        entered = Entered(marks[0] if marks else "", handset.name, handset.user, name, args, None, batch=self._number)
        if handset.doomed:
            entered.may_be_lost = "revoked"
        self.story.entered.append(entered)
        return entered

    async def _screen(self, handset: Handset, step: Step) -> Screen:
        rows = await self.bench.phones.call(handset.name, "shown", tab=step["tab"])
        ids = iter(rows.pop("ids"))
        now = datetime.now(UTC) + timedelta(milliseconds=handset.clock_ms)
        return Screen(rows, now, lambda: next(ids), step["pick"], step["mark"], self.company.users[handset.user])

    async def _make_old(self, handset: Handset, step: Step, screen: Screen) -> None:
        version, name, args = OLD[step["kind"]](screen)
        entered = self._note_entered(handset, name, args)
        # What an app of before had queued when this one took its place: all of its tabs are closed then.
        try:
            await self.bench.phones.call(handset.name, "queueOld", version, name, args, tab=step["tab"])
            for tab in ("a", "b"):
                await self.bench.phones.do("close", handset.name, tab)
            await self._ready(handset)
            entered.saved = True
        except (Dead, ClientError):
            return

    async def _photo(self, handset: Handset, step: Step, screen: Screen) -> None:
        account = screen.one("account")["id"]
        size = PHOTO_BYTES[step["pick"] % len(PHOTO_BYTES)]
        name = f"plate {screen.mark()}.jpg"
        entered = self._note_entered(handset, "attachment.add", {"account_id": account, "name": name})
        try:
            await self.bench.phones.call(
                handset.name, "photo", account, name, size, tab=step["tab"], fuse=step.get("fuse")
            )
            entered.saved = True
        except Dead:
            return
        except ClientError as fault:
            self.story.log.append(f"   the phone did not save it: {fault}")
            entered.saved = False

    async def _sync(self, step: Step) -> None:
        if not await self._usable(step):
            return
        handset = self.handset(step)
        line = self.bench.proxy.line_of(handset.name)
        line.faults.clear()
        line.faults.extend(step["faults"])
        try:
            await self.bench.phones.call(handset.name, "sync", tab=step["tab"], fuse=step.get("fuse"))
        except Dead:
            self.story.log.append("   its power failed")
            self.story.figures["power failed in a sync"] += 1
        except ClientError as fault:
            self.story.faults.append(f"{handset.name}: a sync threw {fault}\n{fault.stack}")

    async def _sync_aside(self, step: Step) -> None:
        task = asyncio.create_task(self._sync(step))
        self.aside.add(task)
        await asyncio.sleep(0.003)

    async def _join(self, _step: Step) -> None:
        await asyncio.gather(*self.aside)
        self.aside.clear()

    async def _elapse(self, step: Step) -> None:
        await self.bench.phones.do("elapse", self.handset(step).name, ms=step["ms"])
        await asyncio.sleep(0.005)

    async def _crash(self, step: Step) -> None:
        await self.bench.phones.do("close", self.handset(step).name, step["tab"])

    async def _tab(self, step: Step) -> None:
        if step["open"]:
            await self._usable({**step, "tab": "b"})
        else:
            await self.bench.phones.do("close", self.handset(step).name, "b")

    async def _clock(self, step: Step) -> None:
        handset = self.handset(step)
        handset.clock_ms = step["ms"]
        await self.bench.phones.do("clock", handset.name, ms=step["ms"])

    async def _kill(self, _step: Step) -> None:
        self.bench.kill_server()

    async def _offline(self, step: Step) -> None:
        self.bench.proxy.line_of(self.handset(step).name).cut = step["on"]

    async def _weather(self, step: Step) -> None:
        for name, faults in step["faults"].items():
            self.bench.proxy.line_of(self.handsets[name].name).weather.extend(faults)

    async def _apart(self, _step: Step) -> None:
        """Everybody drives into the woods."""
        for handset in self.handsets.values():
            self.bench.proxy.line_of(handset.name).cut = True

    async def _together(self, _step: Step) -> None:
        """Everybody has a network again, and the phones notice."""
        for handset in self.handsets.values():
            self.bench.proxy.line_of(handset.name).cut = False
            await self.bench.phones.do("wake", handset.name)

    async def _territory(self, step: Step) -> None:
        change = world.give if step["give"] else world.take
        with contextlib.suppress(Exception) if step["give"] else contextlib.nullcontext():
            await asyncio.to_thread(
                change, self.bench.database, self.company, step["user"], step["account"]
            )  # giving twice is refused

    async def _evict(self, step: Step) -> None:
        handset = self.handset(step)
        # A browser takes what no open tab uses.
        await self._join({})
        await self.bench.phones.do("evict", handset.name, what=step["what"])
        if step["what"] == "everything":
            self._let_go(handset, "evicted")
        else:
            for one in self._of(handset):
                if one.name == "attachment.add":
                    one.may_be_lost = one.may_be_lost or "its bytes were evicted"

    def _of(self, handset: Handset) -> list[Entered]:
        return [one for one in self.story.entered if one.phone == handset.name]

    def _let_go(self, handset: Handset, why: str) -> None:
        for one in self._of(handset):
            one.may_be_lost = one.may_be_lost or why

    async def _revoke(self, step: Step) -> None:
        handset = self.handset(step)
        try:
            state = await self.bench.phones.call(handset.name, "state")
            group = state.get("group")
        except (Dead, ClientError):
            return
        if not group:
            return
        with contextlib.suppress(OSError, AssertionError):
            await self.bench.server_back()
            caller = await asyncio.to_thread(world.Caller, self.bench.server.port, self.company, handset.user)
            status, _ = await asyncio.to_thread(caller.send, "DELETE", f"/devices/{group}")
            self.story.log.append(f"   revoked: {status}")
            if status == 204:
                handset.doomed = group
                self._let_go(handset, "revoked")

    async def _sign_out(self, step: Step) -> None:
        handset = self.handset(step)
        if not await self._usable(step):
            return
        # Nothing may be lost by it: it is refused while there is something that could not be sent.
        with contextlib.suppress(Dead, ClientError):
            told = await self.bench.phones.call(handset.name, "signOut", tab=step["tab"])
            self.story.log.append(f"   signed out: {told}")

    # What needs attention

    async def _settle(self, step: Step) -> None:
        if not await self._usable(step):
            return
        handset = self.handset(step)
        phones = self.bench.phones
        try:
            items = await phones.call(handset.name, "attention", tab=step["tab"])
            if not items:
                return
            item = items[step["pick"] % len(items)]
            keys = {key_of(one["name"], one["args"]) for one in (item["mutation"], *item.get("children", []))}
            self.story.log.append(f"   {item['kind']} {item['mutation']['name']} {sorted(keys)}")
            if item["kind"] == "conflict":
                choice = "mine" if step["choice"] == "first" else "theirs"
                if choice == "theirs":
                    self._give_up(handset, keys)
                await phones.call(handset.name, "settle", item["id"], choice, tab=step["tab"], fuse=step.get("fuse"))
            elif step["choice"] == "first" or item["kind"] == "kept":
                self._give_up(handset, keys)
                await phones.call(handset.name, "discard", item["id"], tab=step["tab"], fuse=step.get("fuse"))
            else:
                args = self._put_right(item["mutation"]) if step["choice"] == "second" else None
                await phones.call(handset.name, "resend", item["id"], args, tab=step["tab"], fuse=step.get("fuse"))
        except Dead:
            return
        except ClientError as fault:
            self.story.faults.append(f"{handset.name}: answering what needs attention threw {fault}")

    def _give_up(self, handset: Handset, keys: set[str]) -> None:
        for one in self._of(handset):
            if key_of(one.name, one.args) in keys:
                one.given_up = True

    @staticmethod
    def _put_right(mutation: dict[str, Any]) -> dict[str, Any] | None:
        """What a rep does with a rejection: correct what is wrong and keep the rest."""
        args = dict(mutation["args"])
        if mutation["name"] == "visit.plan":
            start = datetime.fromisoformat(args["starts_at"])
            args["ends_at"] = (start + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return args
        if mutation["name"] in ("note.add", "promise.make"):
            args.pop("visit_id", None)
            args.pop("person_id", None)
            return args
        return None

    async def _decide(self, step: Step) -> None:
        await self.office.decide(step)

    async def _api(self, step: Step) -> None:
        await self.office.write(step)
