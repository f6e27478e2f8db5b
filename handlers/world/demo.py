"""The world of `serve --demo`: one account, one service, and the Binding of the spec's example."""

from urllib.parse import urlsplit

import orjson

from ..spec import component
from ..storage.administration import Administration
from ..storage.interface import AccountRow, Binding, ServiceRow
from ..tokens import digest


def load_demo(database: Administration, token: str) -> tuple[str, str, str]:
    """Add the demo's world; return the SIDs of its account and its service, and the path of its Binding."""
    example = component("examples", "binding")["value"]
    kept = {name: example[name] for name in Binding._fields}
    binding = Binding(**kept | {"message_types": orjson.dumps(kept["message_types"]).decode()})
    account_sid, service_sid = example["account_sid"], example["service_sid"]
    with database.load() as loader:
        loader.add(AccountRow(account_sid, digest(token)))
        loader.add(ServiceRow(service_sid, account_sid))
        loader.add_bindings(service_sid, [binding])
    return account_sid, service_sid, urlsplit(example["url"]).path
