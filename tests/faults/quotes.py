"""Whether quotes are as phones showed them: priced alike on both sides, sent once, and changed by nobody who had not seen them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.faults.entering import MARK

if TYPE_CHECKING:
    from tests.faults.check import Pushed, Server
    from tests.faults.story import Story

Change = tuple[int, str]


def quote_faults(story: Story, server: Server, pushed: dict[str, Pushed]) -> list[str]:
    """What is wrong with the quotes of the company."""
    faults = []
    for quote_id, quote in server.rows["quote"].items():
        faults += [f"the quote {quote_id} {fault}" for fault in _as_shown(quote)]
        faults += [f"the quote {quote_id} {fault}" for fault in _as_sent(quote_id, quote, server)]
        faults += [
            f"LOST UPDATE: the quote {quote_id} {one}" for one in _in_turn(quote_id, quote, story, server, pushed)
        ]
    return faults


def _as_shown(quote: dict[str, Any]) -> list[str]:
    """The phone's engine came to the server's price: every content was pushed with what was shown of it."""
    if quote["shown"] is None:
        return ["was pushed without a price"]
    if quote["difference"] is not None or quote["shown"]["digest"] != quote["digest"]:
        return [f"was shown at another price than the server's: {quote['difference']}"]
    return [f"is not whole: {quote['faults']}"] if quote["faults"] else []


def _as_sent(quote_id: str, quote: dict[str, Any], server: Server) -> list[str]:
    """What was sent is kept once, word for word, with one link; what was not sent has neither."""
    versions = [row for row in server.rows["quote_version"].values() if str(row["quote_id"]) == quote_id]
    links = [row for row in server.rows["quote_link"].values() if str(row["quote_id"]) == quote_id]
    wanted = 1 if quote["status"] == "sent" else 0
    if (len(versions), len(links)) != (wanted, wanted):
        return [f"is {quote['status']} and has {len(versions)} versions and {len(links)} links"]
    names = ("title", "content", "digest", "valid_until")
    return [f"was sent with another {name}" for name in names for row in versions if row[name] != quote[name]]


def _in_turn(
    quote_id: str, quote: dict[str, Any], story: Story, server: Server, pushed: dict[str, Pushed]
) -> list[str]:
    """Each change that was written was made on a revision of its own; the last of them is what is there."""
    sure: set[Change] = {
        (seen, title) for row, seen, title, status in story.quotes if row == quote_id and status == 200
    }
    perhaps = any(row == quote_id and status is None for row, _, _, status in story.quotes)
    # What clashed and was entered anew, over what the rep was shown then.
    settled: set[str] = set()
    for one in pushed.values():
        if one.name != "quote.change" or one.args["id"] != quote_id:
            continue
        record, draft = server.records.get(one.id), server.drafts.get(one.key)
        if record is not None and record["result"] == "applied":
            sure.add((one.args["revision"], one.args["fields"]["title"]))
        elif record is not None and record["result"] == "conflict":
            settled.add(one.args["fields"]["title"])
        perhaps |= draft is not None and draft["status"] == "accepted"
    revisions = [seen for seen, _ in sure]
    if len(revisions) != len(set(revisions)):
        return [f"was changed twice on one revision: {sorted(sure)}"]
    last = max(sure)[1] if sure else "Seal kits"
    before = "-"
    for _, title in sorted(sure):
        if not perhaps and title not in settled and f"(on {before})" not in title:
            return [f"was changed by who had not seen what was there: {sorted(sure)}"]
        before = MARK.findall(title)[0].strip("#")
    if not perhaps and (quote["title"], quote["revision"]) != (last, 1 + len(sure)):
        return [f"is {quote['title']} at revision {quote['revision']}, after the changes {sorted(sure)}"]
    return []
