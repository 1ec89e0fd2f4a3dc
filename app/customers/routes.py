"""Doors: accounts, people, goals, promises, opportunities."""

from flask_smorest import Blueprint

from app.customers.resources import ACCOUNTS, GOALS, OPPORTUNITIES, PEOPLE, PROMISES
from app.resources.routes import doors

blueprint = Blueprint("customers", __name__, description="Accounts, the people there, and what was agreed with them.")
for resource in (ACCOUNTS, PEOPLE, GOALS, PROMISES, OPPORTUNITIES):
    doors(blueprint, resource)
