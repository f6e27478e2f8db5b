-- A user's Bindings stand all over the table, which in a large service is a page to read for each of them. So this index
-- holds all that is shown of a Binding: a user's list is read from one place, however many others there are.
DROP INDEX bindings_by_identity;
CREATE INDEX bindings_by_identity ON bindings (
    service_sid, identity, binding_type, sid, date_created, date_updated, endpoint, credential_sid, message_types
);
