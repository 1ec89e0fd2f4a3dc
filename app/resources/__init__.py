"""The shape that all resources of the API share: read, list, create, change, delete, batch upsert."""
