"""What goes into the database's file, page by page."""

import random
import re
from pathlib import Path

import pytest

from chat_bindings.storage.rows import unique_key
from chat_bindings.storage.sqlite.connection import connect, erase, migrate, transaction
from chat_bindings.storage.sqlite.erasure import erase_unallocated

SIZE = 4096


def tree_page(kind: int, *, cells: int, content: int, filler: bytes = b"s") -> bytes:
    """A page with that many cell pointers, whose cells begin at `content`, and something stale between."""
    page = bytearray(filler * SIZE)
    page[0] = kind
    page[3:5] = cells.to_bytes(2, "big")
    page[5:7] = content.to_bytes(2, "big")
    return bytes(page)


@pytest.mark.parametrize(("kind", "header"), [(2, 12), (5, 12), (10, 8), (13, 8)])
def test_the_unallocated_space_of_a_tree_page_is_zeroed(kind, header):
    """Between the cell pointers and the cells of a tree page nothing is left, and nothing else is touched."""
    page = tree_page(kind, cells=3, content=4000)
    erased = erase_unallocated(page, first=False)
    begin = header + 2 * 3
    assert erased == page[:begin] + bytes(4000 - begin) + page[4000:]


@pytest.mark.parametrize("kind", [0, 1, 3, 255])
def test_other_pages_are_left_alone(kind):
    """An overflow page, a page of the free list or anything else goes into the file as it is."""
    page = tree_page(kind, cells=3, content=4000)
    assert erase_unallocated(page, first=False) == page


def test_the_first_page_begins_with_the_files_header():
    """The header of the first page's tree stands after the file's own hundred bytes."""
    page = b"SQLite format 3\0" + bytes(84) + tree_page(13, cells=2, content=3000)[: SIZE - 100]
    erased = erase_unallocated(page, first=True)
    assert erased == page[:112] + bytes(3000 - 112) + page[3000:]


def test_a_page_that_makes_no_sense_is_left_alone():
    """Where the numbers of a header contradict each other, nothing is zeroed."""
    for page in (tree_page(13, cells=3000, content=10), tree_page(13, cells=3, content=60000)):
        assert erase_unallocated(page, first=False) == page


def test_rows_that_moved_between_pages_leave_no_copies(tmp_path: Path):
    """After thousands of inserts and deletes in random order, no deleted row is in any byte of the files.

    With `secure_delete` alone a few of them stay: SQLite leaves copies behind when it moves rows between pages.
    """
    path = tmp_path / "moved.db"
    connection = connect(path, create=True)
    migrate(connection)
    connection.execute("INSERT INTO accounts VALUES ('AC1', 'x'); INSERT INTO services VALUES ('IS1', 'AC1')")
    chance = random.Random(7)
    standing: dict[str, str] = {}
    for round_ in range(6):
        with transaction(connection):
            for number in range(1500):
                marker = f"MARK{round_}{number:05d}"
                identity = marker + "i" * chance.choice([0, 5, 40, 200, 480])
                endpoint = marker + "e" * chance.choice([0, 10, 100, 1000, 4000])
                values = (unique_key(identity, endpoint, "apn"), identity, endpoint)
                sid = f"BS{chance.getrandbits(128):032x}"
                connection.execute(
                    "INSERT INTO bindings VALUES ('IS1',?,?,?,?,'apn','CR','[]','d','d')", (sid, *values)
                )
                standing[sid] = marker
            for sid in chance.sample(sorted(standing), 1200):
                connection.execute("DELETE FROM bindings WHERE service_sid = 'IS1' AND sid = ?", (sid,))
                del standing[sid]
        assert erase(connection)
    assert connection.pragma("integrity_check") == "ok"
    found = {marker.decode() for file in tmp_path.iterdir() for marker in re.findall(rb"MARK\d{6}", file.read_bytes())}
    connection.close()
    assert found == set(standing.values())
