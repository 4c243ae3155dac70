"""The pytest process that runs the other site's tests: it says nothing itself and sends what it would have said."""

import signal
import sys
import warnings
from collections.abc import Generator, Sequence
from multiprocessing.connection import Connection
from types import FrameType
from typing import NoReturn

import pytest

from stack.relay.messages import LEFT, Kind, pack_warning, send

Location = tuple[str, int | None, str]


class Silence:
    """Stands where pytest's terminal reporter stood, for those who ask it for the terminal (a dump of stacks, pdb)."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._tw = reporter._tw


class Sender:
    """Reports to the process at the other end of `descriptor`, a pipe that was inherited."""

    def __init__(self, config: pytest.Config, descriptor: int) -> None:
        self.config = config
        self.connection: Connection = Connection(descriptor, readable=False)
        self.deselected: list[str] = []
        self.left_alone = False
        config.add_cleanup(self.connection.close)
        # The mark by which pytest and its plugins know that another process keeps the cache and writes the files.
        config.workerinput = {"randomly_seed": config.getoption("randomly_seed", 0)}  # type: ignore[attr-defined]

    def send(self, kind: Kind, **content: object) -> None:
        """Without a reader there is nothing to run tests for: the first time, that ends the session."""
        if self.left_alone:
            return
        try:
            send(self.connection, kind, **content)
        except OSError as error:
            self.left_alone = True
            raise KeyboardInterrupt from error

    def pytest_plugin_registered(self, plugin: object, manager: pytest.PytestPluginManager) -> None:
        """Silences the terminal reporter as soon as there is one."""
        if isinstance(plugin, pytest.TerminalReporter):
            manager.unregister(plugin)
            manager.register(Silence(plugin), "terminalreporter")

    def pytest_sessionstart(self) -> None:
        """Ctrl-C reaches this process twice, from the terminal and from the other process. It is obeyed once."""

        def stop(number: int, frame: FrameType | None) -> NoReturn:
            signal.signal(number, signal.SIG_IGN)
            raise KeyboardInterrupt

        signal.signal(signal.SIGINT, stop)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        result = yield
        items = [item.nodeid for item in session.items]
        left = [*self.config.stash.get(LEFT, ())]
        self.send("collected", items=items, deselected=self.deselected, left=left)
        return result

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self.deselected += [item.nodeid for item in items]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            self.send("collectreport", report=self.packed(report))

    def pytest_runtest_logstart(self, nodeid: str, location: Location) -> None:
        self.send("start", nodeid=nodeid, location=location)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.send("report", report=self.packed(report))

    def pytest_runtest_logfinish(self, nodeid: str, location: Location) -> None:
        self.send("finish", nodeid=nodeid, location=location)

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str
    ) -> None:
        self.send("warning", warning=pack_warning(warning_message), when=when, nodeid=nodeid)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.send("interrupted", reason=excinfo.exconly())

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """From here on it ends by itself, and nothing is to interrupt what is cleared away."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stdout.flush()
        self.send("finished", exitstatus=int(exitstatus))

    def packed(self, report: pytest.CollectReport | pytest.TestReport) -> object:
        return self.config.hook.pytest_report_to_serializable(config=self.config, report=report)
