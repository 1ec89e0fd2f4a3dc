"""Notices: the briefing comes to the rep before the visit, by Web Push or e-mail, once and at the right time."""
