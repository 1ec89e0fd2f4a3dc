"""The mutations of the sync itself: a manager's decision about a draft."""
