"""Counts and chances of fault rules: the same everywhere for the same seed."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from chat_bindings.server.faults.counts import Counts, chance
from chat_bindings.server.faults.rules import Injection, Rule


def count(file: Path, index: int) -> list[int]:
    counts = Counts(file)
    return [counts.next(index) for _ in range(2000)]


def test_several_processes_count_together(tmp_path):
    """Four workers that count at the same time get each number once, and each count is one of its own."""
    file = tmp_path / "counts"
    file.touch()
    with ProcessPoolExecutor(4) as pool:
        counted = list(pool.map(count, [file] * 4, [0, 1, 0, 0]))
    assert sorted(counted[0] + counted[2] + counted[3]) == list(range(1, 6001))
    assert counted[1] == list(range(1, 2001))


def test_chance_follows_from_the_seed():
    """The same seed and number give the same chance, another gives another, and a half of them lie below a half."""
    one, same, other = ([chance(seed, 0, number, "takes") for number in range(1000)] for seed in (1, 1, 2))
    assert one == same
    assert not set(one) & set(other)
    assert all(0 <= each < 1 for each in one)
    assert 430 < sum(each < 0.5 for each in one) < 570


def test_a_rule_takes_what_all_of_its_conditions_take():
    """`first`, `every` and `probability` narrow each other; without any a rule takes each request."""
    numbers = range(1, 13)
    assert [n for n in numbers if Rule(Injection()).takes(n, 0.99)] == list(numbers)
    assert [n for n in numbers if Rule(Injection(), first=9, every=3).takes(n, 0.99)] == [3, 6, 9]
    assert [n for n in numbers if Rule(Injection(), every=3, probability=0.5).takes(n, n / 20)] == [3, 6, 9]
    assert not Rule(Injection(), probability=0).takes(1, 0.0)
