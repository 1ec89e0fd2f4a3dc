"""Background work as administrators see it, and the relay and workers of installations on many machines."""
