"""Identities that break naive servers. All keep the bounds of the specs; the long ones reach them."""

PLAIN = ("TestUser", "alice", "bob", "carol", "dave")
"""Ordinary identities, which have several devices."""

LETTERS = (
    "Zoë",
    "Ελένη",
    "Борис",
    "ქეთევანი",
    "李小龙",
    "山田太郎",
    "김철수",
    "अनिल",
    "สมชาย",
    "مريم",
    "דוד",
    "left مريم right",
    "𝒜𝓁𝒾𝒸ℯ",  # noqa: RUF001 - meant to be mistaken
    "😀",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",  # a family: four emoji and three joiners
    "\U0001f44d\U0001f3fd",  # a thumb, and the colour of its skin
    "\U0001f1e9\U0001f1ea",  # a flag: two letters
    "1\ufe0f\u20e3",  # a key: a digit and two marks
)

LOOKALIKES = (
    "caf\u00e9",
    "cafe\u0301",
    "\u00c5",
    "\u212b",
    "A\u030a",
    "fi",
    "\ufb01",
    "A",
    "a",
    "\uff21",
    "testuser",
    "TESTUSER",
    "straße",
    "STRASSE",
    "i",
    "I",
    "\u0130",
    "\u0131",
    "1",
    "01",
    "\u0661",
)
"""Pairs that case folding, normalisation or a lax reading of numbers would take for one."""

WHITE = (
    " ",
    " TestUser",
    "TestUser ",
    " leading",
    "trailing ",
    "in ner",
    "in  ner",
    "in\u00a0ner",
    "\u3000wide",
    "\ufefffirst",
    "zero\u200bwidth",
    "line\u2028separator",
    "line\nfeed",
    "carriage\r\nreturn",
    "tab\tstop",
)

RESERVED = (
    "+",
    "a+b",
    "a b",
    "%",
    "100%",
    "%2F",
    "%252F",
    "%zz",
    "%00",
    ",",
    "a,b",
    "b",
    "apn,gcm",
    "/",
    "a/b",
    "//",
    "../a",
    "?",
    "a?b",
    "#",
    "a#b",
    "&",
    "a&Identity=b",
    "=",
    "'",
    "O'Brien",
    '"',
    ";",
    ":",
    "@",
    "user@example.com",
    "[0]",
    "<b>",
    "\\",
    "a\\b",
    "|",
    "{}",
    "{identity}",
    "!$*()~^`_-",
    "https://example.com/?a=b#c",
    "' OR '1'='1",
)

DOTS = (".", "..", "...", ".hidden", "trailing.", "a.json", ".json")

WORDS = ("null", "None", "undefined", "true", "NaN", "0", "-1", "Bindings")


def long_identities(length: int) -> tuple[str, ...]:
    """Make identities of a length in code points, which take one, three and four bytes each in UTF-8."""
    return "x" * length, "界" * length, "😀" * length


LONG_PAIRS = tuple("p" * length + last for length in (100, 191, 255, 256, 511) for last in "ab")
"""Pairs that differ only beyond the usual sizes of columns and indexes, in characters and in bytes."""
