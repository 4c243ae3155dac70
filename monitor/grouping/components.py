"""What a hash is made of, kept so that a page can say why events are together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Component:
    """One part of what is compared: an exception with its frames, a thread's frames, a message, a fingerprint's part."""

    kind: str  # "exception", "exception group", "thread", "message", "fingerprint", "place"
    label: str  # its type, message or text, as it is compared
    frames: tuple[str, ...] = ()  # module:function, from the outermost to where it happened

    def parts(self) -> Iterable[str]:
        """What goes into the hash."""
        return (self.kind, self.label, *self.frames)


@dataclass(frozen=True, slots=True)
class Grouping:
    """By what an event belongs to its issue: the version that said so, its hash, and what that is made of."""

    version: int
    hash: str  # 32 hexadecimal digits, other ones in each version but for a custom fingerprint
    method: str  # "exception", "stack trace", "message", "fingerprint", "fingerprint and exception", …
    components: tuple[Component, ...]


def hash_of(version: int, components: Iterable[Component]) -> str:
    """The hash of `components` under one version of grouping."""
    digest = blake2b(str(version).encode(), digest_size=16)
    for component in components:
        for part in component.parts():
            # The length keeps apart what would read the same when joined.
            data = part.encode(errors="replace")
            digest.update(b"%d:" % len(data))
            digest.update(data)
        digest.update(b";")
    return digest.hexdigest()
