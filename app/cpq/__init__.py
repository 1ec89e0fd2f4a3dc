"""Configuring and pricing: pure, no database and no web. The phone has the same in `pwa/src/cpq`."""
