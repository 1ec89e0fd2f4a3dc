"""Briefings: signals of every capability → ranked cards → stored bytes."""
