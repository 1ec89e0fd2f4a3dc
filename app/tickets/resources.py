"""Tickets as a resource of the API."""

from app.foundation.fields import Text, Uuid, choice
from app.resources.resource import Resource, equals, register
from app.tickets.schemas import PRIORITIES, STATUSES, TicketSchema
from app.tickets.tables import Ticket

TICKETS = register(
    Resource(
        name="tickets",
        entity="ticket",
        model=Ticket,
        schema=TicketSchema,
        references={"account_id": "account", "product_id": "product", "requester_id": "person"},
        filters={
            "account_id": equals("account_id", Uuid()),
            "number": equals("number", Text(60)),
            "status": equals("status", choice(*STATUSES)),
            "priority": equals("priority", choice(*PRIORITIES)),
        },
    )
)
