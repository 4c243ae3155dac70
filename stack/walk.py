"""`script/demo --check`: the whole way of a user over HTTP, from sign-up to a trained experiment, on real processes."""

import contextlib
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx

from stack.application import application, environment, prepare, wait_until_ready
from stack.errors import StackError
from stack.folder import ROOT, throwaway
from stack.page import Form, Page
from stack.ports import free_port
from stack.services import backing_services

REAL_FILE = ROOT.parent / "shared" / "data" / "camels_01022500.csv"
MAKE_FILE = (
    "import sys; from datetime import date; from data_tools.engine.synthetic import make_catchment; "
    "make_catchment('Check', 1, date(2012, 1, 1), 2000, 'gap_year').write_csv(sys.argv[1])"
)
WORK_WITHIN_S = 90


class WalkError(Exception):
    """A page is not what it should be; the message says which and why."""


class Visitor:
    """A browser with cookies and no JavaScript."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, follow_redirects=True, timeout=30)
        self.path = "/"
        self.page = Page("")

    def get(self, path: str) -> Page:
        return self._show(self.client.get(path))

    def submit(self, form: Form, upload: Path | None = None, **values: str) -> Page:
        """Fill in the form of the page that is open, and press its button."""
        data = form.values | {name: [value] for name, value in values.items()}
        path, headers = form.action or self.path, {"Referer": str(self.client.base_url.join(self.path))}
        if upload is None:
            return self._show(self.client.post(path, data=data, headers=headers))
        with upload.open("rb") as stream:
            files = {"file": (upload.name, stream, "text/csv")}
            return self._show(self.client.post(path, data=data, files=files, headers=headers))

    def data(self, path: str) -> httpx.Response:
        """What is not a page: a plot, a download, an asset."""
        answer = self.client.get(path)
        if not answer.is_success or not answer.content:
            raise WalkError(f"{path} answered {answer.status_code} with {len(answer.content)} bytes")
        return answer

    def wait_for_work(self) -> Page:
        """Open the page again until its work is over. Raises WalkError unless it succeeded."""
        deadline = time.monotonic() + WORK_WITHIN_S
        while (state := (self.page.states or ["missing"])[0]) in ("queued", "running"):
            if time.monotonic() > deadline:
                raise WalkError(f"{self.path} is still {state} after {WORK_WITHIN_S} s")
            time.sleep(0.3)
            self.get(self.path)
        if state != "succeeded":
            raise WalkError(f"{self.path} is {state}: {self.page.text[:600]}")
        return self.page

    def expect(self, *words: str) -> None:
        """Raises WalkError when the open page lacks one of these."""
        if missing := [word for word in words if word not in self.page.text]:
            raise WalkError(f"{self.path} does not say {', '.join(missing)}. It says: {self.page.text[:600]}")

    def _show(self, answer: httpx.Response) -> Page:
        self.path, self.page = answer.url.raw_path.decode(), Page(answer.text)
        if not answer.is_success:
            raise WalkError(f"{self.path} answered {answer.status_code}: {self.page.text[:600]}")
        return self.page


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
    visitor.expect(f"{rows:,}", "discharge_m3s", "m³/s", "Findings")
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
            services = stack.enter_context(backing_services(folder, throwaway=True))
        env = environment(folder, services, given, free_port(), free_port())
        with step("databases and demo world"):
            prepare(env)
        with step("web, worker, beat and monitor"):
            running = stack.enter_context(application(folder, env, show_output=False))
            wait_until_ready(running, env, lambda name: None)
        try:
            walk(running.address, folder.path)
        except StackError as error:
            raise StackError(f"{error}\nThe end of the log:\n{running.supervisor.log_tail(8)}") from error
        stopping = time.monotonic()
    print(f"  {time.monotonic() - stopping:5.1f} s  stopped", flush=True)
    print(f"All in order after {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def check_at(address: str) -> int:
    """Walk through a HydroML that runs already, in containers for instance; leaves a user and a project there."""
    with throwaway("check") as folder:
        walk(address, folder.path)
    print("All in order.", flush=True)
    return 0


def walk(address: str, folder: Path) -> None:
    """All steps. Raises StackError that names the step that failed, and why."""
    file = catchment_file(folder)
    visitor = Visitor(address)
    with visitor.client:
        for name, take in STEPS.items():
            try:
                with step(name):
                    take(visitor, file)
            except (WalkError, LookupError, httpx.HTTPError, ValueError) as error:
                raise StackError(f"{name}: {error}") from error


def catchment_file(folder: Path) -> Path:
    """A measured record where there is one beside the repository, else one from the generator."""
    if REAL_FILE.exists():
        return REAL_FILE
    file = folder / "catchment.csv"
    subprocess.run([sys.executable, "-c", MAKE_FILE, str(file)], cwd=ROOT, check=True)
    return file


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Prints the step with its time when it went well."""
    started = time.monotonic()
    yield
    print(f"  {time.monotonic() - started:5.1f} s  {name}", flush=True)
