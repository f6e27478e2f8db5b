"""Print the SDK's results, as JSON: `program.py errors|filters|key|read|walk SERVICE_SID ...`."""

import json
import os
import sys

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

account_sid = os.environ["TWILIO_ACCOUNT_SID"]
token = os.environ.get("TWILIO_AUTH_TOKEN", "")


def bindings_of(service_sid, user=account_sid, password=token):
    return Client(user, password, account_sid).chat.v2.services(service_sid).bindings


def errors(service_sid, absent_service, absent_binding, foreign_service):
    """Return the SDK's own exception in each case in which it should be raised."""
    own, stranger = bindings_of(service_sid), bindings_of(service_sid, password="0" * 32)
    cases = {
        "fetch of an absent binding": lambda: own(absent_binding).fetch(),
        "delete of an absent binding": lambda: own(absent_binding).delete(),
        "fetch of a malformed SID": lambda: own("nothing").fetch(),
        "list of an absent service": lambda: bindings_of(absent_service).list(),
        "list of another account's service": lambda: bindings_of(foreign_service).list(),
        "fetch with a wrong token": lambda: stranger(absent_binding).fetch(),
        "delete with a wrong token": lambda: stranger(absent_binding).delete(),
        "list with a wrong token": stranger.list,
        "list with a limit over the largest page": lambda: own.list(limit=2000),
        "list with a limit over it, and a page size": lambda: own.list(limit=2000, page_size=1000),
    }
    return {name: raised(request) for name, request in cases.items()}


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


def filters(service_sid):
    """Return the SIDs of the Bindings that match each filter of standard input."""
    return [[each.sid for each in bindings_of(service_sid).list(**given)] for given in json.load(sys.stdin)]


def key(service_sid):
    """Return the SIDs of the Bindings that an API key may list."""
    bindings = bindings_of(service_sid, os.environ["TWILIO_API_KEY"], os.environ["TWILIO_API_SECRET"])
    return [binding.sid for binding in bindings.list()]


def read(service_sid):
    """Return all properties of all Bindings of a list, and of the first again, fetched by itself."""
    listed = bindings_of(service_sid).list()
    fetched = bindings_of(service_sid)(listed[0].sid).fetch()
    return {"listed": [properties(binding) for binding in listed], "fetched": properties(fetched)}


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


def walk(service_sid, *sizes):
    """Walk a list, at once and page by page to its end and back, for each page size that is named."""
    return [walk_by(bindings_of(service_sid), {} if size == "default" else {"page_size": int(size)}) for size in sizes]


def walk_by(bindings, size):
    page, forwards, back = bindings.page(**size), [], []
    while page is not None:
        last = page
        forwards.append([binding.sid for binding in page])
        page = page.next_page()
    page = last.previous_page()
    while page is not None:
        back.append([binding.sid for binding in page])
        page = page.previous_page()
    return {"listed": [binding.sid for binding in bindings.list(**size)], "forwards": forwards, "back": back}


name, *arguments = sys.argv[1:]
programs = {each.__name__: each for each in (errors, filters, key, read, walk)}
json.dump(programs[name](*arguments), sys.stdout)
