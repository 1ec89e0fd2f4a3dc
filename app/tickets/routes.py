"""Doors: tickets and their history."""

from flask_smorest import Blueprint

from app.resources.routes import doors
from app.tickets.resources import TICKETS

blueprint = Blueprint("tickets", __name__, description="Service tickets and their history.")
doors(blueprint, TICKETS)
