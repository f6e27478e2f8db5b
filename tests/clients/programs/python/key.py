"""Print the SIDs of the Bindings that an API key may list."""

import json
import os
import sys

from twilio.rest import Client

client = Client(os.environ["TWILIO_API_KEY"], os.environ["TWILIO_API_SECRET"], os.environ["TWILIO_ACCOUNT_SID"])
json.dump([binding.sid for binding in client.chat.v2.services(sys.argv[1]).bindings.list()], sys.stdout)
