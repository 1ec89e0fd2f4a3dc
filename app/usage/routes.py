"""Doors: usage series, their daily values and their events."""

from flask_smorest import Blueprint

from app.resources.routes import doors
from app.usage.resources import SERIES

blueprint = Blueprint("usage", __name__, description="How an account uses what it bought.")
doors(blueprint, SERIES)
