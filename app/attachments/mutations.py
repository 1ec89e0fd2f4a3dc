"""What phones do to attachments; their content comes by its own door, in pieces."""

from sqlalchemy.orm import Session

from app.attachments.arguments import AttachmentAdd
from app.attachments.resources import ATTACHMENTS
from app.identity.rules import in_the_name_of
from app.sync.changing import add_once, until_arrival
from app.sync.mutation import Args, Made, Mutation, Outcome, account_named, register


def _add(session: Session, args: Args, made: Made) -> Outcome:
    taken_at = until_arrival(made, args["taken_at"]) if args.get("taken_at") else None
    with in_the_name_of(session, made.by):
        return add_once(session, ATTACHMENTS, {**args, "user_id": made.by, "taken_at": taken_at})


register(Mutation("attachment.add", AttachmentAdd, ATTACHMENTS.write_scope, account_named("account_id"), _add))
