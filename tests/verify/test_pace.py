"""The pace of a run: how many requests are under way at once, and pauses."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from chat_bindings.verify.http.pace import Pace


def quick(pace, count):
    for _ in range(count):
        with pace.turn():
            pass


def at_once(count, function, *arguments):
    """Call a function in several threads to their ends."""
    with ThreadPoolExecutor(count) as pool:
        for call in [pool.submit(function, *arguments) for _ in range(count)]:
            call.result(60)


def test_a_quick_target_gets_more_requests_at_once():
    """The limit grows with each quick answer, up to the most."""
    pace = Pace(most=12, slow=60)
    quick(pace, 20)
    together = threading.Barrier(12)

    def send():
        with pace.turn():
            together.wait(60)

    at_once(12, send)


def test_a_slow_target_gets_one_at_a_time():
    """Slow answers halve the limit, down to one."""
    pace = Pace(most=12, slow=0.0)
    for _ in range(12):
        quick(pace, 1)
        time.sleep(0.01)
    under_way, most = 0, 0
    lock = threading.Lock()

    def send():
        nonlocal under_way, most
        with pace.turn():
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.01)
            with lock:
                under_way -= 1

    at_once(6, send)
    assert most == 1


def test_one_answer_that_asks_for_a_pause_stops_no_other_request():
    """A single 429 makes its own request wait; many of them make all wait."""
    pace = Pace(most=4, slow=60)
    pace.pause(0.01)
    assert not pace.pause_left
    threads = [threading.Thread(target=pace.pause, args=(30,), daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while not pace.pause_left and time.monotonic() < deadline:
        time.sleep(0.01)
    assert pace.pause_left > 0


def test_requests_are_admitted_again_after_a_pause():
    """All that wait for the end of a pause are sent then."""
    pace = Pace(most=4, slow=60)
    at_once(5, pace.pause, 0.2)
    quick(pace, 8)
