"""Every mutation that phones may send: importing this module has registered what each capability offers.

A capability's `mutations.py` is imported here and nowhere else.
"""

from app.sync import decisions
from app.sync.mutation import all_mutations, mutation_named

MODULES = (decisions,)

__all__ = ["MODULES", "all_mutations", "mutation_named"]
