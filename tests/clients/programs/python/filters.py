"""Print, for each filter of standard input, the SIDs of the Bindings that it lets through."""

import json
import os
import sys

from twilio.rest import Client

client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
bindings = client.chat.v2.services(sys.argv[1]).bindings

found = [[binding.sid for binding in bindings.list(**filters)] for filters in json.load(sys.stdin)]
json.dump(found, sys.stdout)
