"""The statements that write while a request runs. Each commits by itself; the server lets commits share a flush."""

from ..rows import ADDED
from .reading import COLUMNS, OWNER

# greatest, since the clock may have been set back; the values are compared, since a digest is only nearly unique
REGISTER = f"""
    INSERT INTO bindings ({", ".join(ADDED)})
    SELECT {", ".join(f"%({column})s" for column in ADDED)}
    FROM services WHERE services.sid = %(service_sid)s AND services.account_sid = %(account_sid)s
    ON CONFLICT (service_sid, key_sha256) DO UPDATE
        SET credential_sid = excluded.credential_sid, message_types = excluded.message_types,
            date_updated = greatest(bindings.date_updated, excluded.date_updated)
        WHERE (bindings.identity, bindings.endpoint, bindings.binding_type)
            = (excluded.identity, excluded.endpoint, excluded.binding_type)
    RETURNING {COLUMNS}"""  # noqa: S608 - constants alone

DELETE = f"DELETE FROM bindings WHERE service_sid = %(service_sid)s AND sid = %(sid)s AND {OWNER}"  # noqa: S608 - likewise
