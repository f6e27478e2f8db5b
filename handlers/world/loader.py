"""Import: loads a world into a database while reading it."""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, NamedTuple, cast

import orjson

from ..storage.copying import Counts
from ..storage.interface import (
    AccountRow,
    Binding,
    BindingConflict,
    Conflict,
    KeyRow,
    ServiceRow,
    TwinConflict,
)
from ..storage.loader import Loader
from ..storage.progress import Progress, quietly
from ..tokens import digest
from .reader import Frame, Reader, WorldError
from .schema import record_types
from .source import Advance

_TOGETHER = 200
"""Bindings per batch. A batch of the largest Bindings must fit in memory."""


class WorldConflict(WorldError):
    """A record of a world is in the database already, or twice in the world."""


class _Head(NamedTuple):
    """An account's own row and the SIDs of its services: needed before its records can be loaded."""

    account: AccountRow
    services: list[str]


def load(
    loader: Loader, file: BinaryIO, advance: Advance, *, replace: bool, see: Callable[[Frame], None] | None = None
) -> Counts:
    """Load the world of a seekable file; `replace` first removes the accounts that it names.

    `advance` receives the number of bytes read since its last call, and `see` each record that was added.

    Raises `WorldError` at the first broken rule. The caller rolls back what was added until then.
    """
    counts = add(loader, file, advance, replace=replace, see=see)
    finish(loader, file, quietly)
    return counts


def add(
    loader: Loader, file: BinaryIO, advance: Advance, *, replace: bool, see: Callable[[Frame], None] | None = None
) -> Counts:
    """Add the records of a world: the first part of `load`."""
    loading = _Loading(loader, file, replace=replace)
    for frame in Reader(file, advance):
        loading.add(frame)
        if see:
            see(frame)
    loading.flush()
    return Counts(*(loading.counts[kind] for kind in ("Account", "Key", "Service", "Binding")))


def finish(loader: Loader, file: BinaryIO, progress: Progress) -> None:
    """Build the indexes: the second part of `load`. Raises `WorldConflict` for two records with one unique key."""
    try:
        loader.finish(progress)
    except TwinConflict as error:
        file.seek(0)
        add(cast("Loader", _Finder(error)), file, lambda _: None, replace=False)
        raise


class _Finder:
    """Takes the place of a `Loader`: adds nothing, and raises `BindingConflict` at a certain Binding, for its line."""

    def __init__(self, sought: TwinConflict) -> None:
        self._sought = sought

    def remove_account(self, sid: str) -> None: ...

    def add(self, row: AccountRow | KeyRow | ServiceRow) -> None: ...

    def finish(self, progress: Progress = quietly) -> None: ...

    def add_bindings(self, service_sid: str, bindings: Sequence[Binding]) -> None:
        if service_sid == self._sought.service_sid:
            for index, binding in enumerate(bindings):
                if binding.sid == self._sought.sid:
                    raise BindingConflict(str(self._sought), index)


class _Loading:
    def __init__(self, loader: Loader, file: BinaryIO, *, replace: bool) -> None:
        self._loader = loader
        self._file = file
        self._replace = replace
        self._replaced: set[str] = set()
        self._heads: list[_Head] | None = None
        self._frames: list[Frame] = []
        self._bindings: list[Binding] = []
        self._valid = {name: kind.validator.is_valid for name, kind in record_types().items()}
        self.counts = dict.fromkeys(record_types(), 0)

    def add(self, frame: Frame) -> None:
        """Add a complete record, after its account and its service."""
        if not self._valid[frame.kind](frame.value):
            frame.check()
        self.counts[frame.kind] += 1
        match frame.kind:
            case "Binding":
                self._add_binding(frame)
            case "Service":
                self._service_sid(frame)
            case "Key":
                self._add_key(frame)
            case "Account":
                self._account_sid(frame)

    def flush(self) -> None:
        """Add the Bindings of the current batch."""
        if not self._frames:
            return
        service = self._frames[-1].parent
        try:
            self._loader.add_bindings(service.sid or self._service_sid(service), self._bindings)
        except BindingConflict as error:
            frame = self._frames[error.index]
            raise _conflict(frame, (), error) from error
        self._frames, self._bindings = [], []

    def _add_binding(self, frame: Frame) -> None:
        value, service = frame.value, frame.parent
        binding = Binding(
            value["sid"],
            value["date_created"],
            value["date_updated"],
            value["endpoint"],
            value["identity"],
            value["binding_type"],
            value["credential_sid"],
            orjson.dumps(value["message_types"]).decode(),
        )
        account_sid = service.parent.sid or self._account_sid(service.parent)
        service_sid = service.sid or self._service_sid(service)
        for name, sid in (("account_sid", account_sid), ("service_sid", service_sid)):
            if value.get(name, sid) != sid:
                raise frame.error((name,), f"must be the SID of the {name[:-4]} that the Binding stands under")
        if self._frames and self._frames[-1].parent is not service:
            self.flush()
        self._frames.append(frame)
        self._bindings.append(binding)
        if len(self._bindings) == _TOGETHER:
            self.flush()

    def _add_key(self, frame: Frame) -> None:
        account_sid = self._account_sid(frame.parent)
        key = KeyRow(frame.value["sid"], account_sid, _digest(frame.value, "secret"))
        try:
            self._loader.add(key)
        except Conflict as error:
            raise _conflict(frame, ("sid",), error) from error

    def _service_sid(self, frame: Frame) -> str:
        """Return the SID of a service, which is added unless it was before."""
        if frame.sid is None:
            account_sid = self._account_sid(frame.parent)
            sid = frame.value.get("sid") if _is_complete(frame) else None
            if sid is None:
                sid = self._head(frame.parent).services[frame.index]
            try:
                self._loader.add(ServiceRow(sid, account_sid))
            except Conflict as error:
                raise _conflict(frame, ("sid",), error) from error
            frame.sid = sid
        return frame.sid

    def _account_sid(self, frame: Frame) -> str:
        """Return the SID of an account, which is added unless it was before."""
        if frame.sid is None:
            account = _account(frame) if _is_complete(frame) else self._head(frame).account
            try:
                if self._replace and account.sid not in self._replaced:
                    self._loader.remove_account(account.sid)
                    self._replaced.add(account.sid)
                self._loader.add(account)
            except Conflict as error:
                raise _conflict(frame, ("sid",), error) from error
            frame.sid = account.sid
        return frame.sid

    def _head(self, account: Frame) -> _Head:
        # its records came before its SID, as where names are sorted: read ahead through the whole world, once
        if self._heads is None:
            place = self._file.tell()
            self._file.seek(0)
            self._heads = _heads(self._file)
            self._file.seek(place)
        return self._heads[account.index]


def _heads(file: BinaryIO) -> list[_Head]:
    heads: list[_Head] = []
    services: list[str] = []
    for frame in Reader(file, lambda _: None):
        if frame.kind == "Service":
            frame.check()
            services.append(frame.value["sid"])
        elif frame.kind == "Account":
            frame.check()
            heads.append(_Head(_account(frame), services))
            services = []
    return heads


def _is_complete(frame: Frame) -> bool:
    """Return whether a frame has all properties that it must have, lists aside."""
    kind = record_types()[frame.kind]
    return kind.violation(kind.without_children(frame.value)) is None


def _account(frame: Frame) -> AccountRow:
    return AccountRow(frame.value["sid"], _digest(frame.value, "auth_token"))


def _digest(value: dict[str, Any], name: str) -> str:
    hashed: str | None = value.get(f"{name}_sha256")
    return hashed or digest(value[name])


def _conflict(frame: Frame, path: tuple[str, ...], error: Conflict) -> WorldConflict:
    where = frame.error(path, str(error))
    return WorldConflict(where.line, where.pointer, where.rule)
