"""A Valkey for tests that stop it: the others go on with theirs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.folder import Folder
from stack.processes import end_leftovers
from stack.valkey import Valkey


@contextmanager
def own_valkey() -> Iterator[Valkey]:
    """A started server in a folder of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="valkey-test-") as path:
        folder = Folder(Path(path))
        folder.make()
        server = Valkey(folder, throwaway=True)
        server.start()
        yield server
        server.stop()
        end_leftovers(folder.run)
