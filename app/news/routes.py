"""Doors: feeds."""

from flask_smorest import Blueprint

from app.news.resources import FEEDS
from app.resources.routes import doors

blueprint = Blueprint("news", __name__, description="News feeds, for an account or for a topic, and how they fare.")
doors(blueprint, FEEDS)
