"""Currency exponents for the phone: `python -m app.cpq.price.typescript` writes its file, `--check` says if it is stale."""

import sys
from pathlib import Path

from app.foundation.money import CURRENCIES, exponent

TARGET = Path(__file__).resolve().parents[3] / "pwa" / "src" / "cpq" / "price" / "currencies.gen.ts"
HEAD = """\
/** Written by `python -m app.cpq.price.typescript` from the server's table. Change that, and write it again. */

/** Decimal places of the minor unit of every currency in use (ISO 4217). */
export const EXPONENTS: Readonly<Record<string, number>> = {
"""


def source() -> str:
    """The file as it should be now."""
    rows = [f"  {currency}: {exponent(currency)},\n" for currency in sorted(CURRENCIES)]
    return f"{HEAD}{''.join(rows)}}};\n"


def main() -> None:
    """Write the file, or say with `--check` that it is stale."""
    if "--check" in sys.argv[1:]:
        fresh = TARGET.exists() and TARGET.read_text() == source()
        sys.exit(0 if fresh else "currencies.gen.ts is stale; run python -m app.cpq.price.typescript")
    TARGET.write_text(source())


if __name__ == "__main__":
    main()
