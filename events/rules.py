"""The rules of single values: patterns that hold in Rust, Python and ECMA regular expressions alike, and their words.

`[0-9]` stands where the class of digits would also take those of other scripts.
"""

from datetime import date
from typing import Final

__all__ = [
    "BSN_RULE",
    "CLOCK_RULE",
    "COUNT_BOUND",
    "COUNT_RULE",
    "DATE_PATTERN",
    "DATE_RULE",
    "ECK_ID_PREFIX",
    "ECK_ID_RULE",
    "ID_LENGTH",
    "ID_PATTERN",
    "ID_RULE",
    "INSTANT_PATTERN",
    "INSTANT_RULE",
    "JSON_RULE",
    "MUNICIPALITY_PATTERN",
    "MUNICIPALITY_RULE",
    "NO_SUCH_DATE",
    "NO_SUCH_INSTANT",
    "NUMBER_RULE",
    "OBJECT_RULE",
    "PSEUDONYM_NOT_NINE_DIGITS",
    "PSEUDONYM_PATTERN",
    "PSEUDONYM_RULE",
    "SCHOOL_PATTERN",
    "SCHOOL_RULE",
    "SOURCE_LENGTH",
    "SOURCE_PATTERN",
    "SOURCE_RULE",
    "TWICE_RULE",
    "WEEK_PATTERN",
    "WEEK_RULE",
]

# Years outside 1900 to 2199 are writing errors here, and within them no conversion to UTC can overflow.
_YEAR = "(?:19|20|21)[0-9]{2}"
_DATE = f"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_HOURS = "(?:[01][0-9]|2[0-3])"

DATE_PATTERN: Final = f"^{_DATE}$"
DATE_RULE: Final = "must be a date YYYY-MM-DD in the years 1900 to 2199"
NO_SUCH_DATE: Final = "must be a date that exists"

# RFC 3339, section 5.6; a second 60 (leap second) is left out: no clock library here knows it.
INSTANT_PATTERN: Final = (
    rf"^{_DATE}[Tt]{_HOURS}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:[Zz]|[+-]{_HOURS}:[0-5][0-9])$"
)
INSTANT_RULE: Final = (
    "must be an RFC 3339 time with offset, in the years 1900 to 2199, with at most 6 fractional digits"
)
NO_SUCH_INSTANT: Final = "must be a time that exists"

_LONG_YEARS = "|".join(f"{year}" for year in range(1900, 2200) if date(year, 12, 28).isocalendar().week == 53)
WEEK_PATTERN: Final = f"^(?:{_YEAR}-W(?:0[1-9]|[1-4][0-9]|5[0-2])|(?:{_LONG_YEARS})-W53)$"
WEEK_RULE: Final = "must be an ISO week YYYY-Www that exists, in the years 1900 to 2199"

# CloudEvents 1.0, type String: no control characters.
ID_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f]+$"
ID_LENGTH: Final = 64
ID_RULE: Final = "must be 1 to 64 characters, none of them a control character"

# RFC 8141: pchar and "/". The organisation's number is an OIN (Logius) or a number of the Chamber of Commerce.
_NSS = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
SOURCE_PATTERN: Final = f"^urn:nld:(?:oin:[0-9]{{20}}|kvknr:[0-9]{{8}}):systeem:{_NSS}+$"
SOURCE_LENGTH: Final = 256
SOURCE_RULE: Final = (
    "must be urn:nld:oin:<20 digits>:systeem:<name> or urn:nld:kvknr:<8 digits>:systeem:<name>, "
    "the name in characters of a URN, at most 256 characters in all"
)

PSEUDONYM_PATTERN: Final = "^[A-Za-z0-9_-]{8,64}$"
PSEUDONYM_NOT_NINE_DIGITS: Final = "^(?:[0-9]{8}|[0-9]{10,}|[0-9]*[A-Za-z_-][A-Za-z0-9_-]*)$"
PSEUDONYM_RULE: Final = "must be 8 to 64 characters of A-Za-z0-9_-"
BSN_RULE: Final = "must not be a BSN (nine digits that pass the eleven-test)"
ECK_ID_PREFIX: Final = "https://ketenid.nl/"
ECK_ID_RULE: Final = "must not be an ECK iD"

SCHOOL_PATTERN: Final = "^[0-9A-Z]{4}[0-9]{2}$"
SCHOOL_RULE: Final = "must be a BRIN and branch: four of 0-9A-Z and two digits"

MUNICIPALITY_PATTERN: Final = "^GM[0-9]{4}$"
MUNICIPALITY_RULE: Final = "must be GM and four digits"

COUNT_BOUND: Final = 1_000_000_000
COUNT_RULE: Final = "must be a whole number from 0 to 1000000000"

JSON_RULE: Final = "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"
OBJECT_RULE: Final = "must be a JSON object"
NUMBER_RULE: Final = "must not hold a number beyond the range 1e-400 to 1e400"
TWICE_RULE: Final = "must not name a member of an object twice"
CLOCK_RULE: Final = "is later than recordedtime by more than 5 minutes"
