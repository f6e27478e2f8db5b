"""The ledger of acknowledged and unanswered writes, compared with the service's content."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Device = tuple[str, str]
"""An identity and an endpoint."""

Json = dict[str, Any]


class Known(NamedTuple):
    """The known properties of a Binding."""

    sid: str
    date_created: str
    credential_sid: str

    @classmethod
    def of(cls, binding: Json) -> "Known":
        """Take it from a Binding as it is served."""
        return cls(*(binding[name] for name in cls._fields))


class Doubt(NamedTuple):
    """An unanswered write: the states that the device's Binding may be in, with None for none."""

    before: Known | None
    credential_sid: str | None
    """The credential of a registration; None for a delete."""

    def allows(self, found: Known | None) -> bool:
        """Tell whether it is as before, or as the write makes it."""
        if found == self.before:
            return True
        if found is None or self.credential_sid is None:  # one of them alone: a registration was lost, or never was
            return found is None and self.credential_sid is None
        is_same = self.before is None or found[:2] == self.before[:2]
        return is_same and found.credential_sid == self.credential_sid


EVERYBODY = "everybody"
"""The identity of devices that several clients register at the same time."""


@dataclass
class Ledger:
    """The writes that one service acknowledged to all its clients."""

    there: dict[str, dict[str, Known]] = field(default_factory=lambda: defaultdict(dict))
    """The Bindings that must be there, by identity and endpoint; without those in doubt."""
    doubts: dict[Device, Doubt] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """The SIDs of Bindings whose deletion was acknowledged."""
    shared: dict[Device, str] = field(default_factory=dict)
    """The one SID that all responses have for a shared device."""
    answered: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    """Violations, a sentence each."""

    def doubt(self, device: Device, credential_sid: str | None) -> Known | None:
        """Record a write that begins, which may be done or not until it is answered, with the state before it."""
        known = self.there[device[0]].pop(device[1], None)
        self.doubts[device] = Doubt(known, credential_sid)
        return known

    def register(self, device: Device, binding: Json) -> None:
        """Record the Binding that a registration returned."""
        now, doubt = Known.of(binding), self.doubts.pop(device)
        assert doubt.allows(now), f"{device} is {now} after {doubt}"
        self.there[device[0]][device[1]] = now

    def delete(self, device: Device) -> None:
        """Record an acknowledged deletion."""
        known = self.doubts.pop(device).before
        assert known is not None
        self.gone.add(known.sid)

    def settle(self, bindings: Iterable[Json], *, is_first: bool = False) -> None:
        """Compare a service's content with the acknowledged writes; it settles the writes in doubt.

        At `is_first` nothing was acknowledged yet, and whatever there is must stay.
        """
        found: dict[Device, Known] = {}
        for binding in bindings:
            device = binding["identity"], binding["endpoint"]
            if device in found:
                self.broken.append(f"{device} is there twice")
            found[device] = Known.of(binding)
            if device[0] == EVERYBODY:
                self.shared.setdefault(device, binding["sid"])
        self.broken += [] if is_first else self._differences(found)
        self.answered["in doubt"] += len(self.doubts)
        self.doubts.clear()
        self.there.clear()
        for (identity, endpoint), known in found.items():
            self.there[identity][endpoint] = known

    def _differences(self, found: dict[Device, Known]) -> Iterator[str]:
        for device, sid in self.shared.items():
            if device not in found or found[device].sid != sid:
                yield f"{device} was acknowledged to several as {sid}, and is {found.get(device)}"
        for device, doubt in self.doubts.items():
            if not doubt.allows(found.get(device)):
                yield f"{device} is {found.get(device)}, after a write that was not answered: {doubt}"
        known = {(who, endpoint): each for who, own in self.there.items() for endpoint, each in own.items()}
        for device in (known.keys() | found.keys()) - self.shared.keys() - self.doubts.keys():
            if found.get(device) != known.get(device):
                yield f"{device} was acknowledged as {known.get(device)}, and is {found.get(device)}"
        yield from (
            f"{each.sid} was deleted, as acknowledged, and is back" for each in found.values() if each.sid in self.gone
        )
