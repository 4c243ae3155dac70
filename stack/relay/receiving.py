"""The pytest process that shows everything: what other processes run are items of its session too.

So its progress, its summary of failures, `-x`, `--maxfail`, `--last-failed`, `--durations`, its exit code and its
closing line are about all tests, with no code here for any of them.
"""

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from stack.relay.messages import Message, receive, unpack_warning
from stack.sites import Site

# Where a process that died left its pipe open to one that it had started, its end is seen by asking.
ASK_EACH_S = 0.5
# For fixtures to be torn down after an interrupt; less than `script/test` waits for this process.
PATIENCE_S = 20
# How a session ends that ran to its end.
COMPLETE = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}


@dataclass(frozen=True)
class Share:
    """The tests that another process runs, and what it is started with."""

    site: Site
    title: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    is_collected_here: bool = False
    """This process has collected them as well, and has counted them."""


class OtherTest(pytest.Item):
    """A test that another process runs."""

    runner: "OtherProcess"

    def runtest(self) -> None:
        raise AssertionError("Another process runs this: see OtherProcess.pytest_runtest_protocol.")


class OtherProcess:
    """A process with tests that run beside this one's own and are shown after them.

    Where one has failed, what is there is shown at once, so that `-x` and `--maxfail` count over all. A thread takes
    in what is sent while a test of this process runs: a pipe that nobody reads fills, and then the others' tests wait
    for that one, past their own time limits.
    """

    def __init__(self, config: pytest.Config, share: Share) -> None:
        self.config = config
        self.share = share
        self.process: subprocess.Popen[bytes] | None = None
        self.arrived: SimpleQueue[Message | None] = SimpleQueue()
        self.unshown: deque[Message] = deque()
        self.done: set[str] = set()
        self.found: set[str] = set()
        self.left: set[str] = set()
        self.over = False
        self.exitstatus: int | None = None
        self.broke_at = ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        self.start()
        return (yield)

    def start(self) -> None:
        ours, theirs = Pipe(duplex=False)
        with theirs:
            self.process = subprocess.Popen(
                self.command(theirs.fileno()),
                cwd=self.config.invocation_params.dir,
                env=os.environ | self.share.environment,
                pass_fds=[theirs.fileno()],
            )
        threading.Thread(
            target=self.take_in, args=[ours], name=f"others-{self.share.title}", daemon=True
        ).start()

    def take_in(self, connection: Connection) -> None:
        """Everything that comes, until there will be no more, which None stands for."""
        with connection, contextlib.suppress(EOFError, OSError):
            while True:
                self.arrived.put(receive(connection))
        self.arrived.put(None)

    def command(self, descriptor: int) -> list[str]:
        """This process's own arguments, for the other's share and in the same random order."""
        arguments = [each for each in self.config.invocation_params.args if each != "--both-sites"]
        arguments += [f"--ds={self.share.site.settings}", f"--report-to={descriptor}", *self.share.arguments]
        if (seed := self.config.getoption("randomly_seed", None)) is not None:
            arguments.append(f"--randomly-seed={seed}")
        if folder := self.config.getoption("basetemp"):
            arguments.append(f"--basetemp={folder}-{self.share.title.replace(' ', '-')}")
        return [sys.executable, "-m", "pytest", *arguments]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        result = yield
        if self.process is not None:
            items += self.collect(session)
        return result

    def collect(self, session: pytest.Session) -> list[pytest.Item]:
        """The other's tests, in the order in which they will come. Reports what could not be collected."""
        while message := self.next_message():
            if message["kind"] == "collected":
                selected = [self.item(session, nodeid) for nodeid in message["items"]]
                deselected = [self.item(session, nodeid) for nodeid in message["deselected"]]
                self.found = {*message["items"], *message["deselected"]}
                self.left = {*message["left"]}
                self.report_collected([*selected, *deselected])
                if deselected:
                    self.config.hook.pytest_deselected(items=deselected)
                return selected
            self.show(message)
        self.report_broken("before its tests were collected")
        return []

    def item(self, session: pytest.Session, nodeid: str) -> pytest.Item:
        path = self.config.rootpath / nodeid.partition("::")[0]
        name = nodeid.rpartition("/")[2]
        item: OtherTest = OtherTest.from_parent(session, name=name, nodeid=nodeid, path=path)
        item.runner = self
        # Its own process has the timer; a second one here would fire on the way of a report.
        item.add_marker(pytest.mark.timeout(0))
        return item

    def report_collected(self, items: list[pytest.Item | pytest.Collector]) -> None:
        if self.share.is_collected_here:
            return
        report = pytest.CollectReport(self.share.site.folders[-1], "passed", None, items)
        self.config.hook.pytest_collectreport(report=report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> object:
        if not isinstance(item, OtherTest):
            self.show_failures()
            if isinstance(nextitem, OtherTest):
                # The last of ours: the session's fixtures are torn down with it.
                return item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            return None
        if item.runner is not self:
            return None
        while item.nodeid not in self.done and (message := self.next_message()):
            self.show(message)
        if item.nodeid not in self.done and not item.session.shouldstop:
            self.report_not_run(item)
        return True

    def show_failures(self) -> None:
        """Where a failure is in what has been sent so far, show all of it."""
        failed = False
        while not self.over and not self.arrived.empty():
            if message := self.receive_next():
                self.unshown.append(message)
                failed = failed or message.get("report", {}).get("outcome") == "failed"
        while failed and self.unshown:
            self.show(self.unshown.popleft())

    def next_message(self, until: float = math.inf) -> Message | None:
        """The next message; None when there will be none, as the process is through or dead, or the clock is."""
        return self.unshown.popleft() if self.unshown else self.receive_next(until)

    def receive_next(self, until: float = math.inf) -> Message | None:
        """Of those that nobody has asked for yet."""
        while self.process is not None and not self.over:
            is_dead = self.process.poll() is not None
            try:
                message = self.arrived.get(timeout=ASK_EACH_S)
            except Empty:
                self.over = is_dead or time.monotonic() > until
            else:
                self.over = message is None
                return message
        return None

    def show(self, message: Message) -> None:
        """Call the hooks here that were called there."""
        hook = self.config.hook
        match message:
            case {"kind": "start", "nodeid": nodeid, "location": location}:
                hook.pytest_runtest_logstart(nodeid=nodeid, location=tuple(location))
            case {"kind": "report", "report": data}:
                hook.pytest_runtest_logreport(report=self.unpacked(data))
            case {"kind": "finish", "nodeid": nodeid, "location": location}:
                hook.pytest_runtest_logfinish(nodeid=nodeid, location=tuple(location))
                self.done.add(nodeid)
            case {"kind": "collectreport", "report": data}:
                hook.pytest_collectreport(report=self.unpacked(data))
            case {"kind": "warning", "warning": data, "when": when, "nodeid": nodeid}:
                recorded = {
                    "warning_message": unpack_warning(data), "when": when, "nodeid": nodeid, "location": None
                }  # fmt: skip
                hook.pytest_warning_recorded.call_historic(kwargs=recorded)
            case {"kind": "interrupted", "reason": reason}:
                session: Any = self.config.pluginmanager.get_plugin("session")
                session.shouldstop = f"{self.share.title}: {reason}"
            case {"kind": "finished", "exitstatus": exitstatus}:
                self.exitstatus = exitstatus
                self.over = True

    def unpacked(self, data: object) -> object:
        report = self.config.hook.pytest_report_from_serializable(config=self.config, data=data)
        if isinstance(report.longrepr, list):
            # Where and why a test was skipped: JSON knows no tuples, and the summary wants nothing else.
            report.longrepr = tuple(report.longrepr)
        return report

    def report_not_run(self, item: pytest.Item) -> None:
        """The process died: the test that it died in has failed, and those after it have not run."""
        outcome: dict[str, Any]
        if self.broke_at:
            reason = f"not run: the tests of {self.share.title} ended in {self.broke_at}"
            outcome = {"outcome": "skipped", "when": "setup", "longrepr": ("tests", None, reason)}
        else:
            self.broke_at = item.nodeid
            outcome = {"outcome": "failed", "when": "call", "longrepr": self.ended("during this test")}
        report = pytest.TestReport(
            nodeid=item.nodeid, location=item.location, keywords={}, sections=[], duration=0, start=0, stop=0, **outcome
        )  # fmt: skip
        self.config.hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        self.config.hook.pytest_runtest_logreport(report=report)
        self.config.hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def report_broken(self, when: str) -> None:
        self.broke_at = when
        report = pytest.CollectReport(self.share.site.folders[-1], "failed", self.ended(when), [])
        self.config.hook.pytest_collectreport(report=report)

    def ended(self, when: str) -> str:
        code = self.exit_code()
        return f"The process with the tests of {self.share.title} ended with exit code {code}, {when}."

    def exit_code(self) -> int | str:
        """Of the process, which is given a while to end."""
        if self.process is None:
            return "none"
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(PATIENCE_S)
        self.process.kill()
        self.process.wait()
        return f"none within {PATIENCE_S} s"

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Ends the process with the session. An end that was not orderly counts as an error."""
        if self.process is None:
            return
        complete = exitstatus in COMPLETE and not session.shouldfail
        if complete:
            while message := self.next_message():
                self.show(message)
        else:
            self.interrupt()
        code = self.exit_code()
        if complete and not self.broke_at and (code not in COMPLETE or self.exitstatus is None):
            self.report_broken("after its tests")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def interrupt(self) -> None:
        """After `-x` or Ctrl-C here it may be running still. What it says while it ends is read, so that it can end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            until = time.monotonic() + PATIENCE_S
            while self.next_message(until):
                pass
