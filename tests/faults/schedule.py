"""Schedules: what happens in which order, made from a seed and nothing else, as plain data that can be printed and replayed."""

from __future__ import annotations

from random import Random
from typing import Any

Step = dict[str, Any]
DAY_MS = 86_400_000

# What a rep or a manager enters, and how often.
KINDS = {
    "note": 10,
    "note_at_visit": 3,
    "visit": 4,
    "walk_in": 4,
    "visit_change": 5,
    "visit_cancel": 2,
    "visit_log": 6,
    "promise": 4,
    "promise_keep": 3,
    "promise_break": 2,
    "account_fields": 10,
    "account_address": 4,
    "account_aliases": 4,
    "person": 3,
    "person_fields": 5,
    "consent": 4,
    "goal": 3,
    "goal_change": 4,
    "message": 5,
    "attachment": 2,
    "quote": 4,
    "quote_change": 6,
    "quote_send": 2,
    "quote_change_and_send": 2,
    "quote_at_once": 3,
    "draft_decide": 3,
    "family": 4,
    "wrong": 4,
    "wrong_family": 3,
    "old_note": 2,
    "old_promise": 1,
    "old_log": 1,
}
# What else goes on.
EVENTS = {
    "make": 40,
    "sync": 14,
    "sync_aside": 8,
    "join": 4,
    "elapse": 4,
    "api": 7,
    "crash": 4,
    "tab": 4,
    "clock": 3,
    "kill": 2,
    "offline": 5,
    "apart": 2,
    "together": 4,
    "territory": 5,
    "evict": 1.2,
    "revoke": 0.5,
    "settle": 6,
    "decide": 2,
    "sign_out": 0.5,
}
FAULTS = {
    "none": 8,
    "drop_request": 3,
    "drop_answer": 5,
    "hang_request": 0.6,
    "hang_answer": 1,
    "delay_request": 1,
    "delay_answer": 1,
    "double": 3,
    "again": 2,
    "late": 4,
    "hold_answer": 2,
    "cut_request": 3,
    "cut_answer": 3,
    "bad_gateway": 1,
    "bad_gateway_done": 2,
    "portal": 1,
    "kill_before": 0.3,
    "kill_during": 1.2,
    "kill_after": 0.6,
}
# What a schedule is mostly about: weights that are multiplied, and how often the power fails in the middle.
THEMES: dict[str, dict[str, float]] = {
    "mixed": {},
    "clashes": {
        "account_fields": 4, "account_address": 3, "person_fields": 5, "goal_change": 5, "visit_change": 3, "promise_keep": 3,
        "promise_break": 3, "quote": 2, "quote_change": 4, "quote_change_and_send": 2,
        "api": 2, "settle": 2, "sync": 0.5, "evict": 0.3, "rows": 1,
    },
    "territory": {"territory": 4, "decide": 3, "draft_decide": 4, "evict": 0.3, "sync": 0.7, "family": 3},
    "power": {"fuse": 5, "crash": 3, "kill": 2, "tab": 2},
    "quotes": {
        "quote": 6, "quote_change": 6, "quote_send": 3, "quote_change_and_send": 5, "quote_at_once": 5, "api": 2,
        "territory": 0.6, "evict": 0.3, "rows": 1,
    },
    "families": {"family": 6, "wrong_family": 6, "wrong": 3, "walk_in": 3, "settle": 2, "attachment": 3},
}  # fmt: skip
API_WRITES = (
    "account_fields",
    "account_address",
    "account_aliases",
    "person_fields",
    "goal_change",
    "visit_change",
    "quote_change",
    "note",
)
# What the app lets a rep take back for a moment, and what is like it.
HELD = ("promise_keep", "promise_break", "promise", "note")
# How far into the steps of a tab the power fails: often near, sometimes far.
FUSES = (3, 8, 20, 60, 200)


def _pick(random: Random, weights: dict[str, float], theme: dict[str, float] | None = None) -> str:
    return random.choices(list(weights), [weight * (theme or {}).get(name, 1) for name, weight in weights.items()])[0]


def fault(random: Random) -> Step | None:
    """What the network does to one request."""
    kind = _pick(random, FAULTS)
    if kind == "none":
        return None
    made: Step = {"kind": kind}
    if kind in ("delay_request", "delay_answer"):
        made["ms"] = random.choice((5, 30, 120))
    if kind == "kill_during":
        made["ms"] = random.choice((0, 1, 2, 4, 8, 15))
    if kind in ("double", "again"):
        made["take"] = random.randrange(2)
    if kind in ("late", "hold_answer"):
        made["after"] = random.choice((0, 1, 2, 4))
    if kind in ("cut_request", "cut_answer"):
        made["at"] = random.choice((0.0, 0.2, 0.5, 0.9, 0.99))
    return made


def make(seed: int) -> dict[str, Any]:
    """The schedule of a seed: which phones there are, whose, and the steps."""
    random = Random(seed)
    phones = {"p1": "ada", "p2": random.choice(("ada", "ben")), "p3": random.choice(("ben", "mia"))}
    if random.random() < 0.3:
        del phones["p3"]
    theme = random.choice(list(THEMES))
    bad_network = random.choice((0.1, 0.3, 0.6))
    steps: list[Step] = [{"do": "sync", "phone": phone, "tab": "a", "faults": []} for phone in phones]
    steps.append({"do": "weather", "faults": {phone: _weather(random, bad_network) for phone in phones}})
    if theme == "clashes" or random.random() < 0.4:
        steps.append({"do": "apart"})
    marks = iter(range(1, 10_000))
    steps += [_step(random, list(phones), marks, bad_network, THEMES[theme]) for _ in range(random.randint(15, 60))]
    return {"seed": seed, "theme": theme, "live": random.random() < 0.3, "phones": phones, "steps": steps}


def _weather(random: Random, bad_network: float) -> list[Step | None]:
    """What happens to the requests of a phone that are not a step's own, one after the other."""
    return [fault(random) if random.random() < bad_network else None for _ in range(60)]


def _few(random: Random, theme: dict[str, float]) -> int:
    """A number to choose by: mostly a small one, so that phones meet at the same rows."""
    return random.randrange(int(theme.get("rows", 3))) if random.random() < 0.7 else random.randrange(1000)


def _step(random: Random, phones: list[str], marks: Any, bad_network: float, theme: dict[str, float]) -> Step:
    kind = _pick(random, EVENTS, theme)
    phone = random.choice(phones)
    step: Step = {"do": kind, "phone": phone, "tab": random.choice(("a", "a", "b"))}
    if kind == "make":
        step |= {"kind": _pick(random, KINDS, theme), "pick": _few(random, theme), "mark": next(marks)}
        if random.random() < 0.06 * theme.get("fuse", 1):
            step["fuse"] = random.randrange(random.choice(FUSES))
        elif random.random() < 0.08 * theme.get("fuse", 1):
            step["last"] = True
        elif step["kind"] in HELD and random.random() < 0.5:
            step |= {"hold": random.choice((1, 10, 60)), "take_back": random.random() < 0.6}
    elif kind in ("sync", "sync_aside"):
        step["faults"] = [
            fault(random) if random.random() < bad_network else None for _ in range(random.choice((2, 4, 8)))
        ]
        if random.random() < 0.1 * theme.get("fuse", 1):
            step["fuse"] = random.randrange(random.choice(FUSES))
    elif kind == "elapse":
        step["ms"] = random.choice((3_000, 20_000, 400_000))
    elif kind == "api":
        step |= {"write": random.choice(API_WRITES), "pick": _few(random, theme), "mark": next(marks)}
    elif kind == "tab":
        step["open"] = random.random() < 0.6
    elif kind == "clock":
        step["ms"] = random.choice((-DAY_MS, DAY_MS, 0, -3_600_000, 90_000))
    elif kind == "offline":
        step["on"] = random.random() < 0.6
    elif kind in ("apart", "together"):
        return {"do": kind}
    elif kind == "territory":
        step |= {"user": random.choice(("ada", "ben")), "account": random.randrange(4), "give": random.random() < 0.55}
    elif kind == "evict":
        step["what"] = random.choice(("database", "database", "everything"))
    elif kind in ("settle", "decide"):
        step |= {
            "pick": _few(random, theme),
            "choice": random.choice(("first", "second", "third")),
            "mark": next(marks),
        }
        if kind == "settle" and random.random() < 0.1:
            step["fuse"] = random.randrange(random.choice(FUSES))
    return step


def describe(schedule: dict[str, Any]) -> str:
    """The schedule as a person reads it."""
    lines = [
        f"seed {schedule['seed']}: " + ", ".join(f"{phone} of {user}" for phone, user in schedule["phones"].items())
    ]
    for number, step in enumerate(schedule["steps"]):
        rest = " ".join(f"{key}={value}" for key, value in step.items() if key != "do")
        lines.append(f"  {number:3} {step['do']:<10} {rest}")
    return "\n".join(lines)
