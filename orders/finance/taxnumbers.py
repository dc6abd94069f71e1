"""Chinese taxpayer numbers: which texts can be one.

18 characters: the unified social credit code of an organisation (GB 32100-2015, check character
by weights 3^n mod 31), or a citizen's number (GB 11643-1999, mod 11-2) of a sole trader. 15: the
former number of a company, six digits of a region and its organisation code (GB 11714-1997).
20: a citizen's number with two digits more, for a second business.
"""

from __future__ import annotations

import re
import unicodedata

_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT = re.compile(rf"[{_CREDIT_SIGNS}]{{2}}\d{{6}}[{_CREDIT_SIGNS}]{{10}}")
_CITIZEN = re.compile(
    r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]"
)
_FORMER = re.compile(r"\d{6}[0-9A-Z]{8}[\dX]")
_CITIZEN_CHECKS = "10X98765432"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def tidy_tax_number(text: str) -> str:
    """Capitals without blanks, full-width forms made narrow."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def is_tax_number(text: str) -> bool:
    """True when the tidied text can be a taxpayer's number: its form and check sign are right."""
    if len(text) == 18:
        return _is_credit_code(text) or _is_citizen(text)
    if len(text) == 15:
        return _FORMER.fullmatch(text) is not None and _is_organisation(text[6:])
    if len(text) == 20:
        return _is_citizen(text[:18]) and text[18:].isdigit()
    return False


def _is_credit_code(text: str) -> bool:
    if not _CREDIT.fullmatch(text):
        return False
    total = sum(_CREDIT_SIGNS.index(sign) * pow(3, n, 31) for n, sign in enumerate(text[:17]))
    return _CREDIT_SIGNS[-total % 31] == text[17]


def _is_citizen(text: str) -> bool:
    if not _CITIZEN.fullmatch(text):
        return False
    total = sum(int(digit) * pow(2, 17 - n, 11) for n, digit in enumerate(text[:17]))
    return _CITIZEN_CHECKS[total % 11] == text[17]


def _is_organisation(text: str) -> bool:
    total = sum(
        int(sign, 36) * weight for sign, weight in zip(text[:8], _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X0"[11 - total % 11] == text[8]
