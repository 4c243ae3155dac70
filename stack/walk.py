"""`script/demo --check`: the whole way of a user over HTTP, from sign-up to a trained experiment, then of a failure from
its page into the monitor, on real processes; then the fire drill."""

import contextlib
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import httpx

from stack.application import application, environment, prepare, wait_until_ready
from stack.drilling import drillable, fire_drill
from stack.errors import StackError
from stack.failing import break_it, find_it
from stack.folder import ROOT, throwaway
from stack.ports import free_port
from stack.services import started_services
from stack.visiting import Visitor, WalkError

SHARED_DATA = ROOT.parent / "shared" / "data"
# Measured records, and what the page of each must say: of the first one a year is missing.
REAL_FILES = {
    "camels_01022500.csv": ("cubic feet per second", "365 days", "2003-01-01"),
    "camels_02064000.csv": ("cubic feet per second",),
}
MAKE_FILE = (
    "import sys; from datetime import date; from data_tools.engine.synthetic import make_catchment; "
    "make_catchment('Check', 1, date(2012, 1, 1), 2000, 'gap_year').write_csv(sys.argv[1])"
)


def first_page(visitor: Visitor, file: Path) -> None:
    """The first page and all that it loads, from this server alone."""
    for asset in visitor.get("/").assets:
        if not asset.startswith("/"):
            raise WalkError(f"the first page loads {asset} from elsewhere")
        visitor.data(asset)


def sign_up(visitor: Visitor, file: Path) -> None:
    password = secrets.token_urlsafe(12)
    form = visitor.get("/accounts/signup/").form_with("email", "password1", "password2")
    visitor.submit(
        form,
        name="Checking Visitor",
        email=f"check-{secrets.token_hex(4)}@hydroml.example",
        password1=password,
        password2=password,
    )
    visitor.expect("Welcome")


def make_project(visitor: Visitor, file: Path) -> None:
    form = visitor.get("/projects/new/").form_with("name", "description")
    visitor.submit(form, name="Check", description="Made by script/demo --check.")
    visitor.expect("Check")


def upload(visitor: Visitor, file: Path) -> None:
    form = visitor.get(visitor.page.link_with("/upload/")).form_with("file", "csrfmiddlewaretoken")
    visitor.submit(form, upload=file)


def wait_for_processing(visitor: Visitor, file: Path) -> None:
    """The page of the data source says what was found in the file, and its plot and downloads have the rows."""
    page = visitor.wait_for_work()
    rows = len(file.read_text().splitlines()) - 1
    visitor.expect(f"{rows:,}", "discharge_m3s", "m³/s", "Findings", *REAL_FILES.get(file.name, ()))
    for plot in page.plots:
        visitor.data(plot).json()
    if (got := len(visitor.data(page.link_with("/download/csv/")).text.splitlines()) - 1) != rows:
        raise WalkError(f"the download has {got} rows, the file {rows}")


def train(visitor: Visitor, file: Path) -> None:
    """With the values that the form proposes: gradient boosting, one day ahead."""
    form = visitor.get(visitor.page.link_with("/experiments/new/")).form_with("target", "model", "train_end")
    visitor.submit(form)


def wait_for_result(visitor: Visitor, file: Path) -> None:
    """The result page shows all measures beside the baseline's; plots, predictions and model card are there."""
    page = visitor.wait_for_work()
    visitor.expect("NSE", "KGE", "RMSE", "PBIAS", "persistence")
    if not re.search(r"(beats|does not beat) persistence", page.text):
        raise WalkError(f"{visitor.path} does not say whether the model beats persistence")
    if not page.plots:
        raise WalkError(f"{visitor.path} has no plots")
    for plot in page.plots:
        visitor.data(plot).json()
    header = visitor.data(page.link_with("/export/csv/")).text.partition("\n")[0]
    if not {"date", "observed", "simulated", "baseline"} <= set(header.split(",")):
        raise WalkError(f"the predictions have the columns {header}")
    visitor.data(page.link_with("/export/md/"))


STEPS: dict[str, Callable[[Visitor, Path], None]] = {
    "first page": first_page,
    "sign-up": sign_up,
    "project": make_project,
}
FOR_EACH_FILE: dict[str, Callable[[Visitor, Path], None]] = {
    "upload": upload,
    "processing": wait_for_processing,
    "experiment": train,
    "training and result": wait_for_result,
}


def check(given: Mapping[str, str]) -> int:
    """Start on free ports with throw-away data, walk, stop; 0 when every step was as it should be."""
    started = time.monotonic()
    with throwaway("check") as folder, contextlib.ExitStack() as stack:
        with step("PostgreSQL and Valkey"):
            services = stack.enter_context(started_services(folder, throwaway=True))
        env = environment(folder, services.addresses, given, free_port(), free_port())
        with step("databases and demo world"):
            prepare(env)
        with step("web, worker, beat and monitor"):
            running = stack.enter_context(application(folder, env, show_output=False))
            file = stack.enter_context(drillable(folder, env, services, running))
            wait_until_ready(running, env, lambda name: None)
        try:
            walk(
                running.address,
                running.monitor_address,
                folder.path,
                before_breaking=partial(fire_drill, file, env),
            )
        except StackError as error:
            raise StackError(f"{error}\nThe end of the log:\n{running.supervisor.log_tail(8)}") from error
        stopping = time.monotonic()
    print(f"  {time.monotonic() - stopping:5.1f} s  stopped", flush=True)
    print(f"All in order after {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def check_at(address: str, monitor_address: str) -> int:
    """Walk through a HydroML that runs already, in containers for instance; leaves a user and a project there."""
    with throwaway("check") as folder:
        walk(address, monitor_address, folder.path)
    print("All in order.", flush=True)
    return 0


def walk(
    address: str, monitor_address: str, folder: Path, *, before_breaking: Callable[[], None] = lambda: None
) -> None:
    """All steps. Raises StackError that names the step that failed, and why.

    `before_breaking`: the fire drill wants a monitor that has seen no error yet, and leaves a system that still works.
    """
    files = catchment_files(folder)
    visitor, monitor = Visitor(address), Visitor(monitor_address)
    with visitor.client, monitor.client:
        for name, take in STEPS.items():
            with step(name):
                take(visitor, files[0])
        project = visitor.path
        for file in files:
            visitor.get(project)
            for name, take in FOR_EACH_FILE.items():
                with step(f"{name} of {file.name}"):
                    take(visitor, file)
        before_breaking()
        with step("breaking it"):
            error_id = break_it(visitor)
        if error_id:
            with step("finding it in the monitor"):
                find_it(monitor, error_id)
        else:
            print("          without DEBUG there is no laboratory to break it in", flush=True)


def catchment_files(folder: Path) -> list[Path]:
    """The measured records that are beside the repository, else one from the generator."""
    if real := [SHARED_DATA / name for name in REAL_FILES if (SHARED_DATA / name).exists()]:
        return real
    file = folder / "catchment.csv"
    subprocess.run([sys.executable, "-c", MAKE_FILE, str(file)], cwd=ROOT, check=True)
    return [file]


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Prints the step with its time when it went well. Raises StackError that names it when it did not."""
    started = time.monotonic()
    try:
        yield
    except (WalkError, LookupError, httpx.HTTPError, ValueError) as error:
        raise StackError(f"{name}: {error}") from error
    print(f"  {time.monotonic() - started:5.1f} s  {name}", flush=True)
