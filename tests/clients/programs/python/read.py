"""Print all properties of all Bindings of a list, and of the first again, fetched by itself."""

import json
import os
import sys

from twilio.rest import Client

client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
service = client.chat.v2.services(sys.argv[1])


def properties(binding):
    return {
        "sid": binding.sid,
        "account_sid": binding.account_sid,
        "service_sid": binding.service_sid,
        "date_created": binding.date_created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "date_updated": binding.date_updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "endpoint": binding.endpoint,
        "identity": binding.identity,
        "binding_type": binding.binding_type,
        "credential_sid": binding.credential_sid,
        "message_types": binding.message_types,
        "url": binding.url,
        "links": binding.links,
    }


listed = service.bindings.list()
fetched = service.bindings(listed[0].sid).fetch()
json.dump({"listed": [properties(binding) for binding in listed], "fetched": properties(fetched)}, sys.stdout)
