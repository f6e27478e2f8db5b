"""Print what the SDK's own exception says, in each case in which it should be raised."""

import json
import os
import sys

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

account_sid = os.environ["TWILIO_ACCOUNT_SID"]
client = Client(account_sid, os.environ["TWILIO_AUTH_TOKEN"])
stranger = Client(account_sid, "0" * 32)
service_sid, absent_service, absent_binding, foreign_service = sys.argv[1:]


def bindings_of(someone, sid=service_sid):
    return someone.chat.v2.services(sid).bindings


def raised(request):
    try:
        request()
    except TwilioRestException as error:
        return {"code": error.code, "status": error.status, "message": error.msg}
    except TwilioException as error:  # what it raises of a list: a text, and the response
        _, response = error.args
        body = json.loads(response.text)
        return {"code": body["code"], "status": response.status_code, "message": body["message"]}
    return None


cases = {
    "fetch of an absent binding": lambda: bindings_of(client)(absent_binding).fetch(),
    "delete of an absent binding": lambda: bindings_of(client)(absent_binding).delete(),
    "fetch of a malformed SID": lambda: bindings_of(client)("nothing").fetch(),
    "list of an absent service": lambda: bindings_of(client, absent_service).list(),
    "list of another account's service": lambda: bindings_of(client, foreign_service).list(),
    "fetch with a wrong token": lambda: bindings_of(stranger)(absent_binding).fetch(),
    "delete with a wrong token": lambda: bindings_of(stranger)(absent_binding).delete(),
    "list with a wrong token": lambda: bindings_of(stranger).list(),
    "list with a limit over the largest page": lambda: bindings_of(client).list(limit=2000),
    "list with a limit over it, and a page size": lambda: bindings_of(client).list(limit=2000, page_size=1000),
}
json.dump({name: raised(request) for name, request in cases.items()}, sys.stdout)
