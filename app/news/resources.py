"""Feeds as a resource of the API."""

from sqlalchemy.orm import Session

from app.foundation.fields import QueryTruth, Text, Uuid
from app.foundation.principal import Principal
from app.foundation.problems import FieldError, invalid
from app.news import service
from app.news.schemas import FeedSchema
from app.news.tables import Feed
from app.resources.resource import Resource, Values, equals, register


def _feed_faults(values: Values) -> list[FieldError]:
    if (values["account_id"] is None) == (values["topic"] is None):
        return [FieldError("/account_id", "A feed is followed for an account or for a topic: give one of the two.")]
    return []


def _may_follow(_session: Session, principal: Principal, before: Values | None, after: Values | None) -> None:
    """Topic feeds are everyone's; who sees only a territory would not see what they made."""
    for values in (before, after):
        if values is not None and values["account_id"] is None and not principal.sees_whole_organisation:
            raise invalid([FieldError("/account_id", "Name one of your accounts; an administrator follows topics.")])


def _start_anew(session: Session, _principal: Principal, before: Values | None, after: Values | None) -> None:
    """A feed that has another address, or is enabled again, is polled soon and as if for the first time."""
    if before is None or after is None:
        return
    if before["url"] != after["url"] or (after["enabled"] and not before["enabled"]):
        service.start_anew(session, after["id"])


FEEDS = register(
    Resource(
        name="feeds",
        entity="feed",
        model=Feed,
        schema=FeedSchema,
        references={"account_id": "account"},
        filters={
            "account_id": equals("account_id", Uuid()),
            "topic": equals("topic", Text(100)),
            "enabled": equals("enabled", QueryTruth()),
        },
        check=_feed_faults,
        guard=_may_follow,
        written=_start_anew,
    )
)
