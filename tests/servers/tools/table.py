"""The comparison, for people."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence

from .results import Results
from .subject import Subject
from .tool import Tool


def markdown(results: Results, tools: Sequence[Tool], subjects: Sequence[Subject]) -> Iterator[str]:
    """How many of the wrong servers each tool finds, by what is wrong with them, as a table."""
    areas = list(dict.fromkeys(subject.area for subject in subjects))
    sizes = Counter(subject.area for subject in subjects)
    yield "| what is wrong | servers | " + " | ".join(f"{tool.name} {tool.version()}" for tool in tools) + " |"
    yield "| --- | ---: |" + len(tools) * " ---: |"
    for area in areas:
        counts = [_count(results, tool, [each for each in subjects if each.area == area]) for tool in tools]
        yield f"| {area} | {sizes[area]} | " + " | ".join(counts) + " |"
    counts = [f"**{_count(results, tool, subjects)}**" for tool in tools]
    yield f"| **all** | **{len(subjects)}** | " + " | ".join(counts) + " |"


def remarks(results: Results, tools: Sequence[Tool], subjects: Sequence[Subject]) -> Iterator[str]:
    """What should be known of the table: settings, times, what was subtracted, and what went wrong."""
    for tool in tools:
        seconds = results.seconds(tool)
        median = f"{statistics.median(seconds):.1f}" if seconds else "no"
        yield f"{tool.name} {tool.version()} ({tool.settings}): {median} seconds a server (median)"
        for finding in sorted(results.said_of_right(tool)):
            yield f"  also reported of a right server, so it does not count: {finding}"
        yield from (f"  {note}" for note in results.notes(tool))
        missed = [subject.name for subject in subjects if results.found(tool, subject) == set()]
        if 0 < len(missed) <= len(subjects) // 4:
            yield f"  missed: {', '.join(missed)}"


def _count(results: Results, tool: Tool, subjects: Sequence[Subject]) -> str:
    found = [results.found(tool, subject) for subject in subjects]
    ran = sum(each is not None for each in found)
    count = str(sum(bool(each) for each in found))
    return count if ran == len(subjects) else f"{count} of {ran}"
