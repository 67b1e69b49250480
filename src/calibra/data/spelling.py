"""Spellings of one name: what a person reads as the same and a computer as different."""

import unicodedata


def normal_spelling(name: str) -> str:
    """The name without what tells two spellings of it apart: case, width (NFKC), and blanks around it or in a row."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
