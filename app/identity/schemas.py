"""Wire shapes of sign-in, users, territories and tokens."""

from marshmallow import Schema, fields, validate

from app.foundation.fields import Day, Moment, Reference, Text, Truth, Uuid, Whole, Zone, choice
from app.identity.scopes import ALL_SCOPES

ROLES = ("rep", "manager", "administrator", "integration")


class CredentialsSchema(Schema):
    """E-mail and password."""

    email = Text(254, required=True, metadata={"example": "rep@example.com"})
    password = Text(128, required=True, metadata={"format": "password"})


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
    csrf_token = fields.String(required=True, metadata={"description": "Send it as `X-CSRF-Token` with every write."})


class UserSchema(Schema):
    """A user of the organisation."""

    email = Text(254, required=True, validate=[validate.Email()], metadata={"example": "rep@example.com"})
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
        fields.String(validate=validate.OneOf(sorted(ALL_SCOPES))), required=True, validate=validate.Length(min=1, max=60)
    )
    days = Whole(1, 400, load_default=90, metadata={"description": "Days until it expires."})


class TokenSchema(Schema):
    """A token as it is listed; its secret is not kept."""

    id = Uuid(required=True)
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
    """The caller's tokens."""

    data = fields.List(fields.Nested(TokenSchema), required=True)
