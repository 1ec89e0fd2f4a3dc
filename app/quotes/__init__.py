"""Catalogues that are sold from, and quotes: versions, approval, documents, the customer's page."""
