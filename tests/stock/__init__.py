"""The service on Connexion's own stages: what the compiled ones of `chat_bindings.service` are held against.

The same service tests and the same fuzz run pass on both (`--stages stock`): that is the proof that a compiled stage
means what Connexion's does. The stages are Connexion's default list, and theirs are routing, security, validation, the
call of a handler with its arguments, and the answer's serialisation. Where stock Connexion breaks the contract, a class
at one of its extension points corrects it, and its docstring says what was wrong; nothing is patched.

Not Connexion's, and the same as in the service: the specs, the handlers and their storage; `Envelope` and `Origin`, for
which Connexion has nothing; the words of errors (`render`, `rule`); and the server that runs it all.
"""
