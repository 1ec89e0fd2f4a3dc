"""Doors: visits."""

from flask_smorest import Blueprint

from app.resources.routes import doors
from app.visits.resources import VISITS

blueprint = Blueprint("visits", __name__, description="Planned and past visits.")
doors(blueprint, VISITS)
