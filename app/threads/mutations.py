"""What phones do to threads."""

from sqlalchemy.orm import Session

from app.identity.rules import in_the_name_of
from app.sync.changing import add_once, until_arrival
from app.sync.mutation import Args, Made, Mutation, Outcome, Upgrade, account_named, register
from app.threads.arguments import MessagePost
from app.threads.resources import MESSAGES


def _post(session: Session, args: Args, made: Made) -> Outcome:
    written_at = until_arrival(made, args["written_at"])
    with in_the_name_of(session, made.by):
        return add_once(session, MESSAGES, {**args, "user_id": made.by, "written_at": written_at})


register(
    Mutation(
        "message.post",
        MessagePost,
        MESSAGES.write_scope,
        account_named("account_id"),
        _post,
        {1: Upgrade(renames={"body": "text"})},
    )
)
