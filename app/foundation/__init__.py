"""Ground floor: database, ids, clock, money, problems, outbox, audit. Knows nothing of sales."""
