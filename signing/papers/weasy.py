"""The only import of WeasyPrint. It takes more than a second to come, and most processes never need it: see layout.py."""

from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher


def printed(html: str) -> bytes:
    """Nothing is fetched from anywhere, whatever the text says (promise P16): the fonts are in the page."""
    return bytes(
        HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
        .write_pdf(
            font_config=FontConfiguration(),
            pdf_variant="pdf/a-3a",
            pdf_identifier=b"portal",
            full_fonts=True,
            uncompressed_pdf=True,
        )
    )  # fmt: skip
