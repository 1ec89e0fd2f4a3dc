"""Wire shapes of devices that take notices, and of how a rep wants to be told."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from app.foundation.fields import Moment, Number, Text, Truth, Uuid, Whole, choice
from app.push.preferences import KINDS, LONGEST_LEAD, SHORTEST_LEAD
from app.push.tables import ENDPOINT

BASE64URL = "^[A-Za-z0-9_-]+={0,2}$"
TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


class Clock(fields.String):
    """A time of day, `HH:MM`."""

    def __init__(self, **options: Any) -> None:
        metadata = options.setdefault("metadata", {})
        metadata.setdefault("pattern", TIME)
        metadata.setdefault("example", "18:00")
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if re.fullmatch(TIME[1:-1], text) is None:
            raise ValidationError("Not a time of day; write 18:00.")
        return text


class PushKeySchema(Schema):
    """The key that a browser subscribes with."""

    public_key = fields.String(
        required=True, metadata={"description": "`applicationServerKey`: an uncompressed P-256 point, base64url."}
    )


class SubscriptionKeysSchema(Schema):
    """The keys to encrypt for a browser, as `PushSubscription.toJSON()` gives them."""

    p256dh = Text(90, required=True, metadata={"pattern": BASE64URL, "description": "A point on P-256, base64url."})
    auth = Text(24, required=True, metadata={"pattern": BASE64URL, "description": "16 bytes, base64url."})


class PushDeviceInputSchema(Schema):
    """A browser's subscription, as `PushSubscription.toJSON()` gives it, and a name for it."""

    endpoint = Text(ENDPOINT, required=True, metadata={"example": "https://push.example/s/4f2c"})
    expirationTime = Number(load_default=None, allow_none=True, metadata={"description": "Not looked at."})
    keys = fields.Nested(SubscriptionKeysSchema, required=True)
    name = Text(100, allow_none=True)
    client_group_id = Uuid(
        allow_none=True, metadata={"description": "Of the phone that it is on: it goes when that signs out."}
    )


class PushDevicePatchSchema(Schema):
    """What changed of a device: its name, or its subscription, which browsers renew now and then."""

    endpoint = Text(ENDPOINT)
    expirationTime = Number(allow_none=True, metadata={"description": "Not looked at."})
    keys = fields.Nested(SubscriptionKeysSchema)
    name = Text(100, allow_none=True)


class DeviceProblemSchema(Schema):
    """Why the last message did not arrive."""

    type = fields.String(required=True, metadata={"example": "/docs/problems/push-service-busy"})
    title = fields.String(required=True)
    detail = fields.String(required=True)


class PushDeviceSchema(Schema):
    """A browser that takes notices."""

    id = Uuid(required=True)
    name = fields.String(required=True, allow_none=True)
    service = fields.String(required=True, metadata={"description": "Host of the push service."})
    client_group_id = Uuid(required=True, allow_none=True)
    created_at = Moment(required=True)
    renewed_at = Moment(required=True)
    last_sent_at = Moment(required=True, allow_none=True)
    problem = fields.Nested(DeviceProblemSchema, required=True, allow_none=True)


class PushDeviceListSchema(Schema):
    """The caller's devices, the newest first."""

    data = fields.List(fields.Nested(PushDeviceSchema), required=True)


class TestAcceptedSchema(Schema):
    """A test message is on its way; the device then has a new `last_sent_at`, or a `problem`."""

    device_id = Uuid(required=True)


class SnoozedSchema(Schema):
    """A notice is put off."""

    shown_at = Moment(required=True, metadata={"description": "When it comes again."})


class NoticePreferencePatchSchema(Schema):
    """When and about what to be told; what is left out stays."""

    lead_minutes = Whole(SHORTEST_LEAD, LONGEST_LEAD, metadata={"description": "Minutes before a visit."})
    evening_before = Truth(metadata={"description": "Also the evening before, for the first visit of a day."})
    evening_at = Clock()
    quiet_from = Clock(metadata={"description": "Nothing is sent from here…", "example": "21:00"})
    quiet_to = Clock(metadata={"description": "…to here; the same time twice is no quiet hours.", "example": "07:00"})
    working_days = fields.List(
        Whole(1, 7),
        validate=validate.Length(min=1, max=7),
        metadata={"description": "1 is Monday. Nothing is sent on others."},
    )
    only_if_new = Truth(metadata={"description": "Not when nothing changed since the last notice of the account."})
    kinds = fields.List(
        choice(*KINDS),
        allow_none=True,
        validate=validate.Length(max=len(KINDS)),
        metadata={"description": "Cards whose lines are sent; null for all."},
    )
    email = Truth(metadata={"description": "By e-mail where no device takes notices."})


class NoticePreferenceSchema(Schema):
    """When and about what the caller is told."""

    lead_minutes = fields.Integer(required=True)
    evening_before = fields.Boolean(required=True)
    evening_at = fields.String(required=True)
    quiet_from = fields.String(required=True)
    quiet_to = fields.String(required=True)
    working_days = fields.List(fields.Integer(), required=True)
    only_if_new = fields.Boolean(required=True)
    kinds = fields.List(fields.String(), required=True, allow_none=True)
    email = fields.Boolean(required=True)
    time_zone = fields.String(required=True, metadata={"description": "The user's: times of day are in it."})
