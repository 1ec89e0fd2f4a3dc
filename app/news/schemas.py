"""Wire shape of feeds."""

from marshmallow import Schema, ValidationError, fields

from app.foundation.fields import Moment, Reference, Text, Truth, Whole
from app.foundation.outbound import check_url
from app.foundation.outbound_errors import InvalidUrl


def _web_address(url: str) -> None:
    try:
        check_url(url)
    except InvalidUrl as problem:
        raise ValidationError(f"{problem.detail} {problem.advice}") from problem
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise ValidationError("Leave user name and password out of the address: everyone who sees the feed sees it.")


class FeedProblemSchema(Schema):
    """What is wrong with a feed, in the terms of RFC 9457."""

    type = fields.String(required=True, metadata={"example": "/docs/problems/not-a-feed"})
    title = fields.String(required=True)
    detail = fields.String(required=True)


class FeedSchema(Schema):
    """A feed that is followed for one account or for a topic, and how its last poll went."""

    url = Text(2000, required=True, validate=[_web_address], metadata={"example": "https://news.example/norrvik.atom"})
    title = Text(300, allow_none=True, metadata={"description": "The feed's own title when it is left out."})
    account_id = Reference(allow_none=True)
    topic = Text(
        100, allow_none=True, metadata={"description": "What the feed is about, when it is not one account's."}
    )
    enabled = Truth()
    polled_at = Moment(dump_only=True, allow_none=True)
    next_poll_at = Moment(dump_only=True)
    http_status = Whole(
        dump_only=True, allow_none=True, metadata={"description": "Of the last answer, if there was one."}
    )
    problem = fields.Nested(FeedProblemSchema, dump_only=True, allow_none=True)
    failures = Whole(dump_only=True, metadata={"description": "Polls in a row that gave nothing."})
