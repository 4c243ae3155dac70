"""`script/compose-check`: the containers, really built, started, used, broken, stopped, started again; then without DEBUG.

Where no Docker engine answers it says so and exits with 0 (with --require: 1). A first build takes some minutes.
"""

import argparse
import json
import sys
from collections.abc import Callable

from stack.compose import Compose, missing
from stack.compose_drill import GIVEN, fire_drill
from stack.compose_production import check_production
from stack.errors import StackError
from stack.failing import break_it, find_it
from stack.interrupts import stop_on_signals
from stack.visiting import Visitor
from stack.walk import check_at, step

SCALE = ("--profile", "scale")
# PostgreSQL and Redis start as root, to own their files, and go on as users of their own.
NOT_OURS = {"postgres", "redis"}


def rights(stack: Compose) -> None:
    """Each container runs as somebody without rights, on a file system that it cannot write to."""
    for line in stack.run(*SCALE, "ps", "--format", "json").splitlines():
        row = json.loads(line)
        name = row["Service"]
        if name in NOT_OURS:
            continue
        status = stack.run(*SCALE, "exec", "-T", name, "cat", "/proc/1/status")
        facts = {
            key: value.split() for key, _, value in (each.partition(":") for each in status.splitlines())
        }
        if facts["Uid"][0] == "0" or int(facts["CapEff"][0], 16) or facts["NoNewPrivs"] != ["1"]:
            raise ValueError(f"{name} has rights: {facts['Uid']}, {facts['CapEff']}, {facts['NoNewPrivs']}")
        if (
            "read-only"
            not in stack.run(*SCALE, "exec", "-T", name, "sh", "-c", "touch /app/x 2>&1 || true").lower()
        ):
            raise ValueError(f"{name} can write to its image")


def nothing_lost(stack: Compose) -> None:
    """A web that is stopped while the monitor is away delivers at its next start what it could not send."""
    stack.run(*SCALE, "stop", "monitor")
    visitor = Visitor(stack.address)
    with visitor.client:
        error_id = break_it(visitor)
    stack.run(*SCALE, "stop", "balancer", "web", "web-2")
    for name in ("web", "web-2"):
        if (code := exit_code(stack, name)) != 0:
            raise ValueError(f"{name} was told to stop and ended with {code}")
    stack.run(*SCALE, "up", "--wait", "--no-build")
    monitor = Visitor(stack.monitor_address)
    with monitor.client:
        find_it(monitor, error_id)


def exit_code(stack: Compose, name: str) -> int:
    [line] = stack.run(*SCALE, "ps", "--all", "--format", "json", name).splitlines()
    return int(json.loads(line)["ExitCode"])


def probed(stack: Compose) -> None:
    """The monitor's probe is let in: the application knows itself under the name that it is asked by."""
    asked = "import httpx; print(httpx.get('http://web:8000/readyz').status_code)"
    if (said := stack.run(*SCALE, "exec", "-T", "monitor", "python", "-c", asked).strip()) != "200":
        raise ValueError(f"the monitor asked web and got {said}")


def drilled(stack: Compose) -> None:
    """Every failure that this repository knows, followed to whoever is told of it."""
    fire_drill(stack, *SCALE)


def through_the_balancer(stack: Compose) -> None:
    """Two webs are one application: a whole walk whose requests go to both."""
    check_at(stack.scale_address, stack.monitor_address)


STEPS: dict[str, Callable[[Compose], None]] = {
    "rights": rights,
    "the monitor's probe": probed,
    # Wants a monitor that has seen no error yet.
    "the fire drill": drilled,
    "a walk through two webs": through_the_balancer,
    "stopped while the monitor is away": nothing_lost,
}
BRIEF = ("rights", "the monitor's probe", "the fire drill")
"""What CI has time for."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="script/compose-check", description=__doc__)
    parser.add_argument("--require", action="store_true", help="fail where it cannot be run")
    parser.add_argument(
        "--brief", action="store_true", help="build, start, the fire drill; not the rest, and not production"
    )
    parser.add_argument("--keep", action="store_true", help="leave the containers running")
    options = parser.parse_args(arguments)
    stop_on_signals()
    if reason := missing():
        print(f"script/compose-check: not run, as {reason}. What the files say is tested by tests/deploy.")
        return 1 if options.require else 0
    stack = Compose("check", given=GIVEN)
    try:
        with stack.up(*SCALE, keep=options.keep):
            for name in BRIEF if options.brief else STEPS:
                with step(name):
                    STEPS[name](stack)
        if not options.brief:
            check_production()
    except StackError as error:
        print(f"script/compose-check: {error}", file=sys.stderr)
        return 1
    print("All in order.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
