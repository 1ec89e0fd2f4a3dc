"""A process that parses feeds for a ParserPool: `python -m app.news.parse_worker`.

It exists to be killed: feedparser has patterns that a hostile feed can keep busy for ever.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.foundation.killable_worker import serve
from app.news.feed import FeedDocument, FeedProblem
from app.news.parse import parse_feed


def answer(head: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The feed in a document, or its problem, as plain data."""
    document = FeedDocument(body, head["content_type"], head["url"])
    try:
        return {"feed": asdict(parse_feed(document, datetime.fromisoformat(head["now"])))}
    except FeedProblem as problem:
        return {"problem": problem.problem, "detail": problem.detail, "links": problem.links}
    except MemoryError:
        return {"problem": "parser-crashed", "detail": "The feed needs too much memory to be read."}
    except Exception as error:  # a fault of a parser, which is to cost this one feed only
        return {"problem": "unreadable-feed", "detail": f"The parser gave up ({type(error).__name__})."}


if __name__ == "__main__":
    serve(answer)
