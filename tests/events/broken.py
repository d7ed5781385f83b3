"""Every rule of the contract with values that break it: kind, member, value, and the field and rule to be named."""

from typing import Any

from tests.events.samples import ABSENT

INSTANT = "must be an RFC 3339 time with offset, in the years 1900 to 2199, with at most 6 fractional digits"
DATE = "must be a date YYYY-MM-DD in the years 1900 to 2199"
WEEK = "must be an ISO week YYYY-Www that exists, in the years 1900 to 2199"
PSEUDONYM = "must be 8 to 64 characters of A-Za-z0-9_-"
BSN = "must not be a BSN (nine digits that pass the eleven-test)"
SCHOOL = "must be a BRIN and branch: four of 0-9A-Z and two digits"
MUNICIPALITY = "must be GM and four digits"
SECTOR = "must be one of po, so, vo, mbo"
COUNT = "must be a whole number from 0 to 1000000000"
ID = "must be 1 to 64 characters, none of them a control character"
SOURCE = (
    "must be urn:nld:oin:<20 digits>:systeem:<name> or urn:nld:kvknr:<8 digits>:systeem:<name>, "
    "the name in characters of a URN, at most 256 characters in all"
)
URN = "urn:nld:oin:00000001823288444000:systeem:"

BROKEN_INSTANTS = [
    "2020-03-18T09:15:00",
    "2020-03-18 09:15:00Z",
    "2020-03-18",
    "2020-03-18T09:15Z",
    "2020-03-18T09:15:00.Z",
    "2020-03-18T09:15:00.1234567Z",
    "2020-03-18T09:15:00,5Z",
    "2020-03-18T24:00:00Z",
    "2020-03-18T09:15:60Z",
    "2020-03-18T09:15:00+24:00",
    "2020-03-18T09:15:00+01",
    "2020-03-18T09:15:00+0100",
    "2020-13-18T09:15:00Z",
    "2020-00-18T09:15:00Z",
    "2020-03-32T09:15:00Z",
    "1899-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    " 2020-03-18T09:15:00Z",
    "2020-03-18T09:15:00Z\n",
    "٢٠٢٠-03-18T09:15:00Z",
    "1584519300",
    "",
    1584519300,
    1584519300.5,
    True,
    None,
    ["2020-03-18T09:15:00Z"],
    {},
]
BROKEN_DATES = ["2020-3-16", "20200316", "2020-03-16T00:00:00", "2020-13-01", "2020-03-16\n", "1899-12-31", 18000, {}]
BROKEN_PSEUDONYMS = [
    "p" * 7,
    "p" * 65,
    "p 1234567",
    "pupil.123",
    "pupil-é-1",
    "pupil-12\n",
    "١٢٣٤٥٦٧٨٩",
    "",
    12345678,
    [],
]
BROKEN_SCHOOLS = ["06kr00", "06KR0", "06KR000", "06KR0A", "06KR٠٠", "06KR00\n", 123456]
BROKEN_MUNICIPALITIES = ["GM014", "GM00140", "gm0014", "0014", "GM00١٤", "GM0014\n", 14]
BROKEN_WEEKS = ["2021-W53", "2020-W00", "2020-W54", "2020-W1", "2020W14", "2020-w14", "1899-W01", "2020-W14\n", 202014]
BROKEN_COUNTS = [-1, 1_000_000_001, 10**30, 1.5, 3.0, "3", True, None]
BROKEN_IDS = ["", "i" * 65, "a\nb", "a\u0000", "a\u007f", "\u0085", 7, None]
BROKEN_SOURCES = [
    "parnassys",
    URN,
    URN + "a b",
    URN + "a%2",
    URN + "a#b",
    URN + "é",
    URN + "a\n",
    URN + "a" * 300,
    URN.upper() + "a",
    "urn:nld:oin:0000000182328844400:systeem:parnassys",
    "urn:nld:oin:000000018232884440001:systeem:parnassys",
    "urn:nld:kvknr:4101234:systeem:x",
    "urn:nld:kvknr:41012345:system:x",
    "urn:nld:bsn:41012345:systeem:x",
    41012345,
    None,
]
BROKEN_SECTORS = ["PO", "wo", "po ", "", 1, ["po"]]

CASES: list[tuple[str, str, Any, str, str]] = [
    *[("contact-lost", "data.occurredAt", value, "data.occurredAt", INSTANT) for value in BROKEN_INSTANTS],
    ("contact-lost", "data.occurredAt", "2020-02-30T09:15:00Z", "data.occurredAt", "must be a time that exists"),
    *[("contact-lost", "time", value, "time", INSTANT) for value in BROKEN_INSTANTS if value is not None],
    ("contact-lost", "recordedtime", "yesterday", "recordedtime", INSTANT),
    ("contact-lost", "recordedtime", "2021-02-29T00:00:00Z", "recordedtime", "must be a time that exists"),
    *[("contact-lost", "data.pupil", value, "data.pupil", PSEUDONYM) for value in [*BROKEN_PSEUDONYMS, None]],
    *[("contact-lost", "data.household", value, "data.household", PSEUDONYM) for value in BROKEN_PSEUDONYMS],
    *[("contact-lost", "data.pupil", value, "data.pupil", BSN) for value in ("111222333", "123456782", "000000000")],
    ("device-lent", "data.pupil", "111222333", "data.pupil", BSN),
    ("contact-lost", "data.household", "111222333", "data.household", BSN),
    ("contact-lost", "data.pupil", "https://ketenid.nl/201703/0123abcd", "data.pupil", "must not be an ECK iD"),
    ("contact-lost", "data.household", "https://ketenid.nl/x", "data.household", "must not be an ECK iD"),
    *[("contact-lost", "data.school", value, "data.school", SCHOOL) for value in [*BROKEN_SCHOOLS, None]],
    *[("contact-lost", "data.sector", value, "data.sector", SECTOR) for value in [*BROKEN_SECTORS, None]],
    *[
        ("contact-lost", "data.municipality", value, "data.municipality", MUNICIPALITY)
        for value in BROKEN_MUNICIPALITIES
    ],
    ("residence-established", "data.municipality", None, "data.municipality", MUNICIPALITY),
    ("school-registered", "data.municipality", None, "data.municipality", MUNICIPALITY),
    (
        "contact-lost",
        "data.reason",
        "bored",
        "data.reason",
        "must be one of no-response, no-device, no-internet, no-home-support, unsafe-home, language, moved, medical, "
        "fear-of-infection, other",
    ),
    (
        "contact-restored",
        "data.via",
        "letter",
        "data.via",
        "must be one of phone, online, at-school, door-visit, emergency-care, care-worker, other",
    ),
    ("device-lent", "data.device", "phone", "data.device", "must be one of laptop, tablet, internet"),
    ("device-lent", "data.lender", "x" * 81, "data.lender", "must be text of at most 80 characters"),
    ("device-lent", "data.lender", 80, "data.lender", "must be text of at most 80 characters"),
    ("door-visit", "data.outcome", "talked", "data.outcome", "must be one of contact, no-answer, moved-away, refused"),
    ("door-visit", "data.visitor", "police", "data.visitor", "must be one of school, wij, leerplicht, jeugdhulp"),
    *[("report-retracted", "data.retracts.source", value, "data.retracts.source", SOURCE) for value in BROKEN_SOURCES],
    *[("report-retracted", "data.retracts.id", value, "data.retracts.id", ID) for value in BROKEN_IDS],
    ("report-retracted", "data.retracts", "contact-lost-1", "data.retracts", "must be an object"),
    ("report-retracted", "data.retracts.id", ABSENT, "data.retracts.id", "is required"),
    ("report-retracted", "data.reason", ["mistake"], "data.reason", "must be text"),
    *[("week-reported", "data.week", value, "data.week", WEEK) for value in [*BROKEN_WEEKS, None]],
    *[("week-reported", "data.unreached", value, "data.unreached", COUNT) for value in BROKEN_COUNTS],
    ("reminder-sent", "data.week", "2020-W99", "data.week", WEEK),
    ("school-registered", "data.pupils", -1, "data.pupils", COUNT),
    ("school-registered", "data.name", 1, "data.name", "must be text"),
    *[("school-registered", "data.from", value, "data.from", DATE) for value in [*BROKEN_DATES, None]],
    ("school-registered", "data.from", "2021-02-29", "data.from", "must be a date that exists"),
    *[("school-registered", "data.until", value, "data.until", DATE) for value in BROKEN_DATES],
    ("school-registered", "data.until", "2010-07-31", "data.until", "must not be before from"),
    ("closure-announced", "data.until", "2020-03-15", "data.until", "must not be before from"),
    ("closure-announced", "data.closure", "", "data.closure", "must be text of at least 1 character"),
    ("closure-announced", "data.sectors", [], "data.sectors", "must not be empty"),
    ("closure-announced", "data.sectors", "po", "data.sectors", "must be a list"),
    ("closure-announced", "data.sectors", None, "data.sectors", "must be a list"),
    ("closure-announced", "data.sectors", {"po": True}, "data.sectors", "must be a list"),
    ("closure-announced", "data.sectors", ["wo"], "data.sectors[0]", SECTOR),
    ("closure-announced", "data.sectors", ["po", "vo", "wo", 3], "data.sectors[2]", SECTOR),
    ("closure-announced", "data.municipalities", [], "data.municipalities", "must not be empty"),
    ("closure-announced", "data.municipalities", ["GM0014", None], "data.municipalities[1]", MUNICIPALITY),
    (
        "closure-announced",
        "data.regime",
        "open",
        "data.regime",
        "must be one of closed, closed-with-exceptions, partial",
    ),
    *[("contact-lost", "specversion", value, "specversion", "must be 1.0") for value in ("0.3", "1", 1.0, None)],
    *[("contact-lost", "id", value, "id", ID) for value in BROKEN_IDS],
    *[("contact-lost", "source", value, "source", SOURCE) for value in BROKEN_SOURCES],
    ("contact-lost", "datacontenttype", "text/xml", "datacontenttype", "must be application/json"),
    ("contact-lost", "type", ABSENT, "type", "is required"),
    *[("contact-lost", "data", value, "data", "must be an object") for value in (None, "data", 1, ["x"])],
    (
        "contact-lost",
        "recordedtime",
        "2020-03-18T09:09:59.999999+01:00",
        "data.occurredAt",
        "is later than recordedtime by more than 5 minutes",
    ),
]
