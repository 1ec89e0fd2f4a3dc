"""A quote's PDF: what it says, what is inside, and that it is what it claims to be."""

from __future__ import annotations

import hashlib
import io
import json
import re
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

from app.quotes.document import quote_document
from app.quotes.pdf import PdfError, quote_pdf
from tests.support.quotes import CATALOGUE, DATA, HASH, PARTIES, PRICE, REQUEST, version

ACCEPTANCE = {
    "name": "Eva Lindqvist", "date": "2026-11-22", "accepted_at": "2026-11-22T09:30:00Z", "version": 2, "hash": HASH,
}  # fmt: skip


def pdf_of(**changes: Any) -> bytes:
    return quote_pdf(quote_document(version(**changes), PARTIES, CATALOGUE, REQUEST), DATA)


def text_of(pdf: bytes) -> str:
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return re.sub(r"\s+", " ", " ".join(pages))


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return pdf_of()


@pytest.fixture(scope="module")
def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def test_it_has_two_pages_and_says_who_offers_what_to_whom_until_when(reader: PdfReader, pdf: bytes) -> None:
    assert len(reader.pages) == 2
    text = text_of(pdf)
    for words in (
        "Rosvall Pumps AB", "Two pumps for line 2", "2026-01HX-7Q9K", "Norrvik Paper", "Eva Lindqvist", "Hanna Rosvall",
        "21 December 2026", "Delivery to dock 4 in week 3.",
    ):  # fmt: skip
        assert words in text


def test_every_step_of_every_waterfall_is_a_line(pdf: bytes) -> None:
    text = text_of(pdf)
    for line in PRICE["lines"]:
        for step in line["waterfall"]:
            assert step["label"] in text
            amount = f"{int(step['amount'].lstrip('-').partition('.')[0]):,}"
            assert amount in text, step


def test_the_price_of_leaving_the_service_level_and_its_credit_are_said(pdf: bytes) -> None:
    text = text_of(pdf)
    assert "Leaving early costs 3 months." in text
    assert re.search(r"Left after 12 months Paid by then € 2,616.00 To leave € 654.00", text)
    assert "Month to month € 258.00 € 6,192.00 Leave in any month, free." in text
    assert "First_response" not in text and "First answer within 4 hours, in 95 % of cases." in text
    assert "When missed, 5 % is credited for each month, up to 100 %." in text


def test_nothing_that_is_the_sellers_own_is_in_it(reader: PdfReader, pdf: bytes) -> None:
    seen = text_of(pdf)
    document = json.dumps(quote_document(version(), PARTIES, CATALOGUE, REQUEST))
    for own in ("26200", "26,200", "31.20", "margin", "Discount of 15 %", "authority"):
        assert own not in seen and own not in document


def test_the_data_of_the_version_is_attached_byte_for_byte_and_its_hash_is_printed(
    reader: PdfReader, pdf: bytes
) -> None:
    assert reader.attachments == {"quote.json": [DATA]}
    assert hashlib.sha256(reader.attachments["quote.json"][0]).hexdigest() == HASH
    assert HASH in text_of(pdf).replace(" ", "")
    files = [resolved(one) for one in resolved(reader.trailer["/Root"])["/AF"]]
    assert [(one["/AFRelationship"], one["/UF"]) for one in files] == [("/Data", "quote.json")]
    embedded = resolved(resolved(files[0]["/EF"])["/F"])
    assert embedded["/Subtype"] == "/application/json"


def resolved(value: Any) -> DictionaryObject:
    return value.get_object() if isinstance(value, IndirectObject) else value


def test_it_says_that_it_is_pdf_a_3a_and_pdf_ua_1(reader: PdfReader) -> None:
    root = resolved(reader.trailer["/Root"])
    metadata = resolved(root["/Metadata"]).get_data().decode()
    for name, value in (("pdfaid:part", "3"), ("pdfaid:conformance", "A"), ("pdfuaid:part", "1")):
        assert f"<{name}>{value}</{name}>" in metadata, name
    assert root["/Lang"] == "en"
    assert resolved(root["/MarkInfo"])["/Marked"] is True or resolved(root["/MarkInfo"])["/Marked"].value is True
    assert resolved(root["/ViewerPreferences"])["/DisplayDocTitle"].value is True
    assert "Two pumps for line 2" in (reader.metadata.title if reader.metadata else "")
    assert [resolved(one)["/S"] for one in root["/OutputIntents"]] == ["/GTS_PDFA1"]
    assert "/Encrypt" not in reader.trailer


def tags(node: Any, found: list[DictionaryObject]) -> list[DictionaryObject]:
    node = resolved(node)
    if isinstance(node, DictionaryObject):
        if "/S" in node:
            found.append(node)
        kids = resolved(node.get("/K", []))
        for kid in kids if isinstance(kids, list) else [kids]:
            if not isinstance(resolved(kid), int):
                tags(kid, found)
    return found


def test_it_is_tagged_with_headings_tables_with_heads_and_pictures_with_words(reader: PdfReader) -> None:
    found = tags(resolved(reader.trailer["/Root"])["/StructTreeRoot"], [])
    kinds = [str(tag["/S"]) for tag in found]
    assert kinds.count("/H1") >= 5 and "/H2" in kinds
    assert kinds.count("/Table") >= 5 and kinds.count("/TH") >= 15
    figures = [tag for tag in found if tag["/S"] == "/Figure"]
    assert len(figures) == 3 and all(tag.get("/Alt") for tag in figures)
    assert "Weight: 338 of 450 kg used" in [str(tag["/Alt"]) for tag in figures]


def test_every_font_is_embedded_and_none_is_the_machines(reader: PdfReader) -> None:
    names = set()
    for page in reader.pages:
        for font in resolved(resolved(page["/Resources"])["/Font"]).values():
            for descendant in resolved(font)["/DescendantFonts"]:
                names.add(str(resolved(descendant)["/BaseFont"]).split("+")[-1])
                descriptor = resolved(resolved(descendant)["/FontDescriptor"])
                assert {"/FontFile2", "/FontFile3"} & set(descriptor)
    assert names and all(name.startswith(("LibertinusSerif", "DejaVuSansMono")) for name in names)


def test_the_same_version_gives_the_same_bytes() -> None:
    assert pdf_of() == pdf_of()


def test_an_accepted_version_holds_who_accepted_it_when_and_its_hash() -> None:
    made = pdf_of(acceptance=ACCEPTANCE)
    text = text_of(made)
    assert "Accepted by Eva Lindqvist on 22 November 2026" in text and HASH in text.replace(" ", "")
    assert "Signature" not in text
    attached = PdfReader(io.BytesIO(made)).attachments
    assert json.loads(attached["acceptance.json"][0]) == ACCEPTANCE and attached["quote.json"] == [DATA]


TROUBLE = (
    '#panic("run")',
    "#set page(width: 1pt)",
    '#read("/etc/passwd")',
    "*bold* _it_ `code` $x^2$ <label> @ref",
    "= heading",
    "\\",
    '"',
    "#",
    "]]]",
    "{{",
    "// no comment",
    "/* open",
    "http://a.example/#x",
    "&amp;<b>",
    "W" * 500,
    "a\u0000b\u0007\u001b[31m",
    "日本語と漢字",
    "😀👩‍👩‍👧",
    "\ue000\uf8ff",
    "شركة",
    "שלום",
    "\u202eevil",
    "e\u0301\u0323",
    "\ufeff\uffff",
    "\U0010ffff",
)


@pytest.mark.parametrize("trouble", TROUBLE, ids=range(len(TROUBLE)))
def test_what_people_wrote_is_text_and_never_code(trouble: str) -> None:
    document = quote_document(version(title=f"T {trouble}", notes=trouble), PARTIES, CATALOGUE, REQUEST)
    document["customer"]["name"] = document["lines"][0]["name"] = trouble
    document["lines"][0]["parts"][0]["waterfall"][0]["label"] = trouble
    made = quote_pdf(document, DATA)
    text = text_of(made)
    assert PdfReader(io.BytesIO(made)).attachments["quote.json"] == [DATA]
    if trouble.isascii() and trouble.isprintable():
        assert re.sub(r"\s", "", trouble) in re.sub(r"[\s\u200b]", "", text)


def test_what_no_font_has_is_marked_and_still_in_the_data() -> None:
    made = pdf_of(title="漢 pumps")
    assert "\ufffd pumps" in text_of(made)


def test_a_quote_of_a_hundred_lines_goes_over_many_pages() -> None:
    lines = [{"id": f"n{place}", "sku": "KIT", "quantity": "1"} for place in range(100)]
    prices = [{**PRICE["lines"][2], "id": line["id"]} for line in lines]
    content = {**version().content, "lines": lines}
    document = quote_document(
        version(content=content, price={**PRICE, "lines": prices, "parents": {}, "terms": []}), PARTIES, CATALOGUE
    )
    reader = PdfReader(io.BytesIO(quote_pdf(document, DATA)))
    assert len(reader.pages) > 5
    assert f"Page {len(reader.pages)} of {len(reader.pages)}" in reader.pages[-1].extract_text()


def test_a_document_that_cannot_be_set_says_why() -> None:
    document = quote_document(version(), PARTIES, CATALOGUE, REQUEST)
    document["valid_until"] = "no day"
    with pytest.raises(PdfError, match="invalid digits"):
        quote_pdf(document, DATA)


@pytest.mark.parametrize(
    "odd", ["ä\u200d😀", "ä\u0f71", "ä\U0001d165", "ऄ\u093e ä\u3099", "\U00013000ä", "€\u0f71 °\u0f71"]
)
def test_what_cannot_be_printed_takes_no_letter_along_in_this_document_or_another(odd: str) -> None:
    """Whoever has a link could else spoil the names on everybody's documents with the one under an acceptance."""
    before = pdf_of()
    assert "Gävle" in text_of(pdf_of(title=odd)) and "\ufffd" in text_of(pdf_of(title=odd))
    assert "€ 38,302.00" in text_of(pdf_of(title=odd)).replace("\xa0", " ")
    assert pdf_of() == before
