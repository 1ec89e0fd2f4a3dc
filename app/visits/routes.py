"""Doors: visits and notes."""

from flask_smorest import Blueprint

from app.resources.routes import doors
from app.visits.resources import NOTES, VISITS

blueprint = Blueprint("visits", __name__, description="Planned and past visits, and what was written down.")
doors(blueprint, VISITS)
doors(blueprint, NOTES)
