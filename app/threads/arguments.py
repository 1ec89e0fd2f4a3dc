"""What the mutation of threads takes."""

from app.foundation.fields import Uuid
from app.sync.arguments import arguments, likes
from app.threads.schemas import MessageSchema

MessagePost = arguments(
    "MessagePost",
    "Write to colleagues about an account or a visit.",
    {
        "id": Uuid(required=True),
        **likes(
            MessageSchema, "account_id", "visit_id", "text", "mentions", "attached", "written_at",
            required=("account_id", "text", "written_at"),
        ),
    },
)  # fmt: skip
