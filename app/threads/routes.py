"""Doors: messages."""

from flask_smorest import Blueprint

from app.resources.routes import doors
from app.threads.resources import MESSAGES

blueprint = Blueprint("threads", __name__, description="What colleagues say to each other about an account or a visit.")
doors(blueprint, MESSAGES)
