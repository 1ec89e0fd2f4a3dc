"""The mutation of the sync itself: a manager's decision about a draft."""

from marshmallow import Schema
from sqlalchemy.orm import Session

from app.foundation.fields import Uuid, choice
from app.sync import drafts
from app.sync.mutation import Args, Made, Mutation, Outcome, register


class DraftDecideArgumentsSchema(Schema):
    """Accept or dismiss a colleague's draft."""

    id = Uuid(required=True)
    decision = choice(*drafts.DECISIONS, required=True)


def _decide(session: Session, args: Args, _made: Made) -> Outcome:
    return Outcome(drafts.decide(session, args["id"], args["decision"]))


def _nobody(_session: Session, _args: Args) -> None:
    # Whether the caller may decide is the draft's own question: it is not theirs that would be kept as a draft.
    return None


register(Mutation("draft.decide", DraftDecideArgumentsSchema, "sync", _nobody, _decide))
