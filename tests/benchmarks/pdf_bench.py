"""The PDF of a quote, as the process that serves it makes it: one compiler that is warm, another quote each time."""

from __future__ import annotations

import hashlib
import io
import statistics
import time

from pypdf import PdfReader

from app.quotes.document import quote_document
from app.quotes.pdf import quote_pdf
from tests.benchmarks.figures import Target
from tests.support.quotes import CATALOGUE, DATA, PARTIES, REQUEST, version

WARM, ROUNDS = 5, 60
TARGETS = (
    Target("pdf_two_pages", "A quote of two pages as PDF/A-3a and PDF/UA-1, warm, median", "ms", 30, False, 1),
    Target("pdf_two_pages_p95", "– the slowest of twenty", "ms", None, False, 1),
    Target("pdf_bytes", "– its size", "kB", None, False, 0),
)


def measure() -> dict[str, float]:
    """Milliseconds from the stored version to the bytes of its PDF, and how many those are."""
    times: list[float] = []
    pdf = b""
    for number in range(WARM + ROUNDS):
        # A title, a hash and figures of its own: nothing of the pages before can be used again.
        data = DATA + b" " * number
        sent = version(title=f"Two pumps for line {number}", hash=hashlib.sha256(data).hexdigest())
        started = time.perf_counter()
        pdf = quote_pdf(quote_document(sent, PARTIES, CATALOGUE, REQUEST), data)
        times.append((time.perf_counter() - started) * 1000)
    pages = len(PdfReader(io.BytesIO(pdf)).pages)
    if pages != 2:
        raise AssertionError(f"the quote has {pages} pages")
    warm = times[WARM:]
    return {
        "pdf_two_pages": statistics.median(warm),
        "pdf_two_pages_p95": statistics.quantiles(warm, n=20)[-1],
        "pdf_bytes": len(pdf) / 1000,
    }
