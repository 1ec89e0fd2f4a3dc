"""Feeds, their items, and which accounts an item mentions."""
