"""Calendars of reps: read, matched with accounts, made visits; and the rep's visits as a calendar."""
