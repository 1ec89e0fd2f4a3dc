"""What the mutations of accounts, people, promises and goals take."""

from app.customers.schemas import AccountSchema, ConsentSchema, GoalSchema, PersonSchema, PromiseSchema
from app.foundation.fields import Day, Moment, Uuid, choice
from app.sync.arguments import arguments, changes, likes

_SHOWN = {"description": "The status that the phone showed; open, when left out."}

PromiseMake = arguments(
    "PromiseMake",
    "Promise something to somebody at an account.",
    {
        "id": Uuid(required=True),
        **likes(
            PromiseSchema, "account_id", "person_id", "visit_id", "text", "made_on", "due_on",
            required=("account_id", "text", "made_on", "due_on"),
        ),
    },
)  # fmt: skip
PromiseKeep = arguments(
    "PromiseKeep",
    "Say that a promise was kept.",
    {"id": Uuid(required=True), "kept_on": Day(required=True), "base": choice("open", "broken", metadata=_SHOWN)},
)
PromiseBreak = arguments(
    "PromiseBreak",
    "Say that a promise was not kept.",
    {"id": Uuid(required=True), "base": choice("open", "kept", metadata=_SHOWN)},
)
AccountChange = changes(
    "AccountChange", "Change what is known about an account.", AccountSchema,
    "name", "industry", "status", "phone", "website", "address", "time_zone", "employees", "aliases", "notes",
)  # fmt: skip
PersonAdd = arguments(
    "PersonAdd",
    "Add somebody at an account.",
    {
        "id": Uuid(required=True),
        **likes(
            PersonSchema, "account_id", "name", "title", "role", "email", "phone", "mobile", "language",
            required=("account_id", "name"),
        ),
    },
)  # fmt: skip
PersonChange = changes(
    "PersonChange", "Change what is known about somebody, and how they want to be reached.", PersonSchema,
    "name", "title", "role", "email", "phone", "mobile", "language", "preferred_channel", "preferred_times",
    "started_on", "left_on", "notes",
)  # fmt: skip
ConsentRecord = arguments(
    "ConsentRecord",
    "Record what somebody allowed or withdrew for a channel.",
    {
        "id": Uuid(required=True, metadata={"description": "Of the record."}),
        "person_id": Uuid(required=True),
        **likes(ConsentSchema, "channel", "source", required=("channel", "source")),
        "status": choice("granted", "withdrawn", required=True),
        "recorded_at": Moment(required=True),
    },
)
GoalSet = arguments(
    "GoalSet",
    "Set a goal of the customer's.",
    {
        "id": Uuid(required=True),
        **likes(GoalSchema, "account_id", "person_id", "title", "target", "due_on", required=("account_id", "title")),
    },
)
GoalChange = changes("GoalChange", "Change a goal, or close it.", GoalSchema, "title", "target", "due_on", "status")
