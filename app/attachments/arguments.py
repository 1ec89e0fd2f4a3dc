"""What the mutation of attachments takes."""

from app.attachments.schemas import AttachmentSchema
from app.foundation.fields import Uuid
from app.sync.arguments import arguments, likes

AttachmentAdd = arguments(
    "AttachmentAdd",
    "Announce a photo or a document; its content follows in pieces.",
    {
        "id": Uuid(required=True),
        **likes(
            AttachmentSchema, "account_id", "visit_id", "name", "media_type", "size", "sha256", "taken_at",
            required=("account_id", "name", "media_type", "size", "sha256"),
        ),
    },
)  # fmt: skip
