"""Doors: products and subscriptions."""

from flask_smorest import Blueprint

from app.products.resources import PRODUCTS, SUBSCRIPTIONS
from app.resources.routes import doors

blueprint = Blueprint("products", __name__, description="What is sold, and what was sold to whom.")
for resource in (PRODUCTS, SUBSCRIPTIONS):
    doors(blueprint, resource)
