"""Users and territories as resources of the API."""

from app.foundation.fields import Uuid, choice
from app.foundation.problems import FieldError
from app.identity.rules import guard_territory, guard_user
from app.identity.schemas import ROLES, TerritorySchema, UserSchema
from app.identity.shown import territory_written, user_written
from app.identity.tables import TerritoryAssignment, User
from app.resources.resource import Resource, Values, equals, register


def _dates_in_order(values: Values) -> list[FieldError]:
    if values["ends_on"] is not None and values["ends_on"] < values["starts_on"]:
        return [FieldError("/ends_on", "Ends before it starts.")]
    return []


def _not_their_own_manager(values: Values) -> list[FieldError]:
    if values["manager_id"] is not None and values["manager_id"] == values["id"]:
        return [FieldError("/manager_id", "Nobody reports to themselves.")]
    return []


USERS = register(
    Resource(
        name="users",
        entity="user",
        model=User,
        schema=UserSchema,
        account_column=None,
        references={"manager_id": "user"},
        filters={"role": equals("role", choice(*ROLES))},
        check=_not_their_own_manager,
        guard=guard_user,
        written=user_written,
    )
)
TERRITORIES = register(
    Resource(
        name="territories",
        entity="territory",
        model=TerritoryAssignment,
        schema=TerritorySchema,
        references={"user_id": "user", "account_id": "account"},
        filters={"user_id": equals("user_id", Uuid()), "account_id": equals("account_id", Uuid())},
        check=_dates_in_order,
        guard=guard_territory,
        written=territory_written,
    )
)
