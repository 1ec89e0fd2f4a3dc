"""Doors to catalogues, configuring, pricing and quotes, under `/api/v1`."""
