"""What the mutations of visits and notes take."""

from app.foundation.fields import Moment, Uuid, choice
from app.sync.arguments import arguments, changes, like, likes
from app.visits.schemas import NoteSchema, VisitSchema

PLANNED = ("starts_at", "ends_at", "time_zone", "place", "purpose", "attendee_ids")

VisitPlan = arguments(
    "VisitPlan",
    "Plan a visit; a walk-in is planned and logged at once.",
    {
        "id": Uuid(required=True),
        **likes(VisitSchema, "account_id", *PLANNED, required=("account_id", "starts_at", "ends_at", "time_zone")),
    },
)
VisitChange = changes("VisitChange", "Move a visit, or change what is planned for it.", VisitSchema, *PLANNED)
VisitCancel = arguments(
    "VisitCancel",
    "Cancel a planned visit.",
    {
        "id": Uuid(required=True),
        "base": choice("planned", "done", metadata={"description": "As the phone showed it; planned, when left out."}),
    },
)
VisitLog = arguments(
    "VisitLog",
    "Say what came of a visit. The first to say so fills it in; what is said later becomes a note at it.",
    {
        "id": Uuid(required=True),
        **likes(VisitSchema, "outcome", "attendee_ids", "notes", "next_step"),
        "done_at": Moment(required=True),
    },
)
NoteAdd = arguments(
    "NoteAdd",
    "Write something down about an account, or at a visit.",
    {
        "id": Uuid(required=True),
        **likes(NoteSchema, "account_id", "visit_id", "text", required=("account_id", "text")),
        "written_at": like(NoteSchema, "written_at", required=True),
    },
)
