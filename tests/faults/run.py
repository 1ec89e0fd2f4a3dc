"""Runs schedules: play, settle, check; and on a failure says everything that is needed to see it again."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.faults.bench import Bench
from tests.faults.check import check
from tests.faults.play import Player
from tests.faults.schedule import describe

SCHEDULE_SECONDS = 120


@dataclass(frozen=True)
class Verdict:
    """What one schedule came to."""

    schedule: dict[str, Any]
    faults: list[str]
    log: list[str]
    requests: list[str]
    figures: Counter[str]

    def report(self, kind: str) -> str:
        """The failure as a person reads it."""
        seed = self.schedule["seed"]
        parts = [
            f"On {kind}, replay with: make faults RUNS=1 SEED={seed} DATABASE={kind}",
            describe(self.schedule),
            "What happened:",
            *(f"  {line}" for line in self.log),
            "Requests:",
            *(f"  {line}" for line in self.requests),
            f"{len(self.faults)} promises broken:",
            *(f"  {fault}" for fault in self.faults),
        ]
        return "\n".join(parts)


async def run(bench: Bench, schedule: dict[str, Any]) -> Verdict:
    """Play one schedule and check what it left."""
    bench.phones.unhandled.clear()
    await bench.server_back()
    player = Player(bench, schedule)
    kills = bench.server.kills
    faults: list[str]
    try:
        async with asyncio.timeout(SCHEDULE_SECONDS):
            await player.play()
            await player.settle()
            faults = await check(player)
    except Exception as fault:
        faults = [*player.story.faults, f"the schedule broke off: {type(fault).__name__}: {fault}"]
    finally:
        player.close()
    story = player.story
    figures = story.figures + Counter({"entered": len(story.entered), "server killed": bench.server.kills - kills})
    figures.update(f"on the wire: {fault}" for fault in bench.proxy.done)
    verdict = Verdict(schedule, faults, list(story.log), list(bench.proxy.log), figures)
    await player.forget()
    await bench.proxy.forget()
    return verdict


async def shrink(bench: Bench, schedule: dict[str, Any], tries: int = 60) -> Verdict | None:
    """A shorter schedule that fails too: halves, then quarters and so on of the steps are left out. None when it does not fail again."""
    best = await run(bench, schedule)
    if not best.faults:
        return None
    size = max(1, len(schedule["steps"]) // 2)
    while tries > 0:
        steps = best.schedule["steps"]
        for start in range(0, len(steps), size):
            tries -= 1
            shorter = {**schedule, "steps": steps[:start] + steps[start + size :]}
            verdict = await run(bench, shorter)
            if verdict.faults:
                best = verdict
                break
            if tries <= 0:
                break
        else:
            if size == 1:
                break
            size = max(1, size // 2)
    return best
