"""Phones that take notices: the worker as it is shipped, in Node (`pwa/faults/notices.ts`), and when it hears of what."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.installation import ROOT
from tests.support.push_service import Browser, Delivered, PushService

BUILT = ROOT / "app/static/pwa"


@dataclass(frozen=True)
class Shown:
    """A notification on a phone; `notice` and `kind` are None for one that says nothing of a customer."""

    tag: str
    notice: str | None
    kind: str | None


@dataclass
class Phone:
    """A phone with its subscription. `heard` is how much of what was accepted for it the push service is done with."""

    name: str
    user_id: str
    browser: Browser
    is_online: bool = True
    heard: int = 0


class Phones:
    """All phones, with one Node process for their workers, which are those of the built app in `folder`."""

    def __init__(self, service: PushService, folder: Path = BUILT) -> None:
        self.all: list[Phone] = []
        self._service = service
        self._node = subprocess.Popen(
            ["node", "faults/notices.mjs", str(folder)],
            cwd=ROOT / "pwa",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def add(self, user_id: str) -> Phone:
        """A phone on which a user is signed in."""
        phone = Phone(f"phone {len(self.all) + 1}", user_id, self._service.subscribe())
        self.all.append(phone)
        self._ask({"do": "sign in", "phone": phone.name, "user": user_id})
        return phone

    def come_and_go(self, chance: random.Random) -> None:
        """Some phones lose their network, some have it again; those that have it hear of what there is."""
        for phone in self.all:
            was_online = phone.is_online
            phone.is_online = chance.random() < 0.7
            if phone.is_online:
                self._hear(phone, was_online=was_online, twice=chance.random() < 0.1)

    def all_online(self) -> None:
        """Every phone hears of everything."""
        for phone in self.all:
            was_online, phone.is_online = phone.is_online, True
            self._hear(phone, was_online=was_online)

    def shown(self) -> dict[str, list[Shown]]:
        """What each phone showed, in order."""
        answer: dict[str, list[dict[str, Any]]] = self._ask({"do": "shown"})
        return {
            name: [Shown(one["tag"], one.get("notice"), one.get("kind")) for one in found]
            for name, found in answer.items()
        }

    def stop(self) -> None:
        """End the process."""
        assert self._node.stdin is not None
        self._node.stdin.close()
        self._node.wait(20)

    def _hear(self, phone: Phone, *, was_online: bool, twice: bool = False) -> None:
        """One that was online heard every message as it came; one that was not finds the last one of each topic.

        A push service, too, delivers at least once: `twice`.
        """
        accepted = list(phone.browser.delivered)  # first: what comes meanwhile is heard twice, and not never
        waiting = self._service.collect(phone.browser)
        messages: list[Delivered] = accepted[phone.heard :] if was_online else waiting
        phone.heard = len(accepted)
        for message in [*messages, *(messages[-1:] if twice else ())]:
            self._ask({"do": "push", "phone": phone.name, "message": message.document})

    def _ask(self, command: dict[str, Any]) -> Any:
        assert self._node.stdin is not None and self._node.stdout is not None
        self._node.stdin.write(json.dumps(command) + "\n")
        self._node.stdin.flush()
        line = self._node.stdout.readline()
        if not line:
            raise RuntimeError("Node ended")
        return json.loads(line)
