"""Users and territories as resources of the API."""

from app.foundation.principal import Principal
from app.foundation.problems import FieldError
from app.identity.schemas import TerritorySchema, UserSchema
from app.identity.tables import TerritoryAssignment, User
from app.resources.resource import Resource, Values, equals, register
from app.foundation.fields import Uuid, choice


def _lower_email(_principal: Principal, values: Values) -> None:
    values["email"] = values["email"].strip().lower()


def _dates_in_order(values: Values) -> list[FieldError]:
    if values["ends_on"] is not None and values["ends_on"] < values["starts_on"]:
        return [FieldError("/ends_on", "Ends before it starts.")]
    return []


USERS = register(
    Resource(
        name="users",
        entity="user",
        model=User,
        schema=UserSchema,
        account_column=None,
        references={"manager_id": "user"},
        filters={"role": equals("role", choice("rep", "manager", "administrator", "integration"))},
        prepare=_lower_email,
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
    )
)
