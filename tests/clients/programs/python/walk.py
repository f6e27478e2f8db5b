"""Print what a list holds, at once and page by page to its end and back, for each page size that is named."""

import json
import os
import sys

from twilio.rest import Client

client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
bindings = client.chat.v2.services(sys.argv[1]).bindings


def walk(size):
    first = bindings.page(**size)
    page, forwards, back = first, [], []
    while page is not None:
        last = page
        forwards.append([binding.sid for binding in page])
        page = page.next_page()
    page = last.previous_page()
    while page is not None:
        back.append([binding.sid for binding in page])
        page = page.previous_page()
    return {"listed": [binding.sid for binding in bindings.list(**size)], "forwards": forwards, "back": back}


json.dump([walk({} if size == "default" else {"page_size": int(size)}) for size in sys.argv[2:]], sys.stdout)
