"""Print a list's content in pages of one, and the status of a fetch of a missing Binding."""

import json
import sys
from pathlib import Path

from twilio.base.exceptions import TwilioRestException

sys.path.insert(0, str(Path(__file__).parents[2] / "loopback"))
from loopback import client_at

url, account_sid, auth_token, service_sid = sys.argv[1:]
bindings = client_at(url, account_sid, auth_token).chat.v2.services(service_sid).bindings
listed = [binding.sid for binding in bindings.list(page_size=1)]
try:
    bindings("BS" + 32 * "f").fetch()
except TwilioRestException as error:
    json.dump({"listed": listed, "absent": error.status}, sys.stdout)
