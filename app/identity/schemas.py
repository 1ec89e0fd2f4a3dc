"""Wire shapes of sign-in, users, territories and tokens."""

from marshmallow import Schema, fields, validate

from app.foundation.fields import Day, Email, Moment, Reference, Text, Truth, Uuid, Whole, Zone, choice
from app.identity.scopes import ALL_SCOPES
from app.resources.resource import QueryInt

ROLES = ("rep", "manager", "administrator", "integration")


class CredentialsSchema(Schema):
    """E-mail and password."""

    email = Text(254, required=True, metadata={"example": "rep@example.com"})
    password = Text(128, required=True, metadata={"format": "password"})


class PasswordChangeSchema(Schema):
    """The password that one has and the one that one wants."""

    current_password = Text(128, required=True, metadata={"format": "password"})
    password = Text(128, required=True, metadata={"format": "password", "description": "12 characters or more."})


class UserSummarySchema(Schema):
    """Who signed in."""

    id = Uuid(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    role = fields.String(required=True)
    time_zone = fields.String(required=True)
    locale = fields.String(required=True)


class OrganisationSchema(Schema):
    """The company that runs this installation."""

    id = Uuid(required=True)
    name = fields.String(required=True)


class SessionSchema(Schema):
    """A browser session."""

    user = fields.Nested(UserSummarySchema, required=True)
    organisation = fields.Nested(OrganisationSchema, required=True)
    csrf_token = fields.String(
        required=True, metadata={"description": "Send it as `X-CSRF-Token` with every write; empty for a token."}
    )
    offline_lease_days = fields.Integer(
        required=True,
        metadata={"description": "A phone that was out of touch for longer asks to sign in before it opens."},
    )


class OpenSessionSchema(Schema):
    """A browser that is signed in."""

    id = Uuid(required=True)
    created_at = Moment(required=True)
    last_seen_at = Moment(required=True)
    expires_at = Moment(required=True)
    user_agent = fields.String(required=True, allow_none=True)
    current = fields.Boolean(required=True, metadata={"description": "Whether it is the one that asks."})


class OpenSessionListSchema(Schema):
    """The caller's browsers."""

    data = fields.List(fields.Nested(OpenSessionSchema), required=True)


class EndedSchema(Schema):
    """What was ended."""

    sessions = fields.Integer(required=True)


class AuditQuerySchema(Schema):
    """Which entries of the audit log."""

    limit = QueryInt(1, 200, load_default=50, metadata={"description": "Entries on a page."})
    cursor = Uuid(metadata={"description": "`next_cursor` of the page before."})
    user_id = Uuid()
    row_id = Uuid(metadata={"description": "What was done to this row."})
    action = Text(60, metadata={"example": "sign_in.refused"})


class AuditEntrySchema(Schema):
    """Who did what, when and from where."""

    id = Uuid(required=True)
    at = Moment(required=True)
    user_id = Uuid(required=True, allow_none=True)
    via = fields.String(required=True, metadata={"enum": ["session", "token", "system", "link"]})
    credential_id = Uuid(required=True, allow_none=True)
    action = fields.String(required=True)
    entity = fields.String(required=True, allow_none=True)
    row_id = Uuid(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    request_id = fields.String(required=True, allow_none=True)
    details = fields.Dict(required=True, metadata={"description": "Names of what changed, and counts."})


class AuditPageSchema(Schema):
    """Entries, the newest first."""

    data = fields.List(fields.Nested(AuditEntrySchema), required=True)
    next_cursor = Uuid(required=True, allow_none=True)


class UserSchema(Schema):
    """A user of the organisation."""

    email = Email(required=True)
    name = Text(200, required=True)
    role = choice(*ROLES, required=True)
    time_zone = Zone(load_default="UTC")
    locale = Text(35, load_default="en")
    active = Truth()
    manager_id = Reference(allow_none=True)


class TerritorySchema(Schema):
    """A user looks after an account, from a date and perhaps until one."""

    user_id = Reference(required=True)
    account_id = Reference(required=True)
    starts_on = Day(required=True)
    ends_on = Day(allow_none=True)


class TokenRequestSchema(Schema):
    """A token to be issued."""

    name = Text(100, required=True, metadata={"example": "CRM nightly sync"})
    scopes = fields.List(
        fields.String(validate=validate.OneOf(sorted(ALL_SCOPES))),
        required=True,
        validate=validate.Length(min=1, max=60),
    )
    days = Whole(1, 400, load_default=90, metadata={"description": "Days until it expires."})
    user_id = Uuid(metadata={"description": "An integration, when an administrator issues it a token; else yourself."})


class TokenSchema(Schema):
    """A token as it is listed; its secret is not kept."""

    id = Uuid(required=True)
    user_id = Uuid(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = Moment(required=True)
    expires_at = Moment(required=True)
    revoked_at = Moment(required=True, allow_none=True)
    last_used_at = Moment(required=True, allow_none=True)


class IssuedTokenSchema(TokenSchema):
    """A token just issued: `secret` is told this once."""

    secret = fields.String(required=True, metadata={"example": "dst_…"})


class TokenListSchema(Schema):
    """Tokens, the newest first."""

    data = fields.List(fields.Nested(TokenSchema), required=True)
