"""A Jupyter server of the test's own, with every front end there is, and a headless Chromium on it. Knows no panel."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds for any one step: two slow cores do in 20 what a desktop does in 3

# A kernel is there, connected and idle; the toolbar's indicator says "idle" before there is one. Not async: a pending
# promise counts as true.
KERNEL_IS_IDLE = """() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    return !!kernel && kernel.status === 'idle' && kernel.connectionStatus === 'connected';
}"""
# Never awaited: a promise that stays pending would hang the test without a timeout.
RUN_ALL_CELLS = """() => {
    window.ranAll = false;
    window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.ranAll = true; });
}"""
# A widget's picture has a blob: URL, which changes with every frame; what counts is whether its bytes do.
PICTURE_DIGEST = """async (which) => {
    const picture = document.querySelectorAll('img.widget-image')[which];
    if (!picture || !picture.src) return null;
    try {
        const bytes = await (await fetch(picture.src)).arrayBuffer();
        const digest = await crypto.subtle.digest('SHA-256', bytes);
        return Array.from(new Uint8Array(digest)).map((byte) => byte.toString(16).padStart(2, '0')).join('');
    } catch { return null; }  // the URL was revoked between the two lines: a new frame is coming
}"""
LAB_SETTINGS = {
    # all cells stay in the page, also those that are scrolled away
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/apputils-extension/themes.jupyterlab-settings": {"theme": "JupyterLab Light"},
}


def until(ask: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """Ask again and again until the answer is true; fail in words if it never is."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.1)
    pytest.fail(f"waited {patience:.0f} s in vain until {what}")


class OpenNotebook:
    """A notebook that is open in the browser, with all its cells run."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def run_all(self) -> None:
        """Run all cells, and wait until they have run."""
        self.page.evaluate(RUN_ALL_CELLS)
        self.page.wait_for_function("window.ranAll === true")
        self.page.wait_for_function(KERNEL_IS_IDLE)

    def picture(self, which: int = 0) -> str:
        """The SHA-256 of a panel's picture as the browser has it."""
        return until(lambda: self.page.evaluate(PICTURE_DIGEST, which), "there is a picture")

    def changed_picture(self, before: str, which: int = 0) -> str:
        """Wait until the picture is another than before, and has come to rest; its digest."""

        def other() -> str | None:
            now = self.page.evaluate(PICTURE_DIGEST, which)
            return now if now != before else None

        until(other, "the picture changes")
        return self.settled_picture(which)

    def settled_picture(self, which: int = 0) -> str:
        """The digest of the picture once it stays the same for half a second."""
        last, since = self.picture(which), time.monotonic()

        def still() -> str | None:
            nonlocal last, since
            self.page.wait_for_timeout(100)
            now = self.picture(which)
            if now != last:
                last, since = now, time.monotonic()
            return now if time.monotonic() - since > 0.5 else None

        return until(still, "the picture comes to rest")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_under(home: Path) -> None:
    for name, value in LAB_SETTINGS.items():
        path = home / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    # Without this a question about Jupyter news lies over the notebook, whatever --LabApp.news_url says.
    page_config = home / "config" / "labconfig" / "page_config.json"
    page_config.parent.mkdir(parents=True, exist_ok=True)
    page_config.write_text(json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}))


def environment_under(home: Path) -> dict[str, str]:
    """No file of the user's is read or written by the server."""
    inside = {
        "HOME": ".",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    places = {name: str(home / place) for name, place in inside.items()}
    return {**os.environ, **places, "JUPYTER_PREFER_ENV_PATH": "1", "PATH": path}


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """The server may ask for confirmation, and its kernels live in its process group."""
    for number, patience in ((signal.SIGINT, 3), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return
        if number != signal.SIGINT:
            return


def where_chromium_is() -> str | None:
    """Its path, by any of its names."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome"))
    return next((path for path in found if path), None)


@contextmanager
def browsing(chromium: str) -> Iterator[Any]:
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; without it, or without what drives it, the browser tests are skipped and say why."""
    pytest.importorskip("playwright.sync_api", reason='needs playwright: pip install -e ".[lab,test]"')
    pytest.importorskip("jupyterlab", reason='needs JupyterLab: pip install -e ".[lab,test]"')
    where = where_chromium_is()
    if where is None:
        pytest.skip("needs Chromium on the PATH (on Debian and Ubuntu: apt-get install chromium)")
    return where


@contextmanager
def serving(home: Path, folder: Path) -> Iterator[str]:
    """A JupyterLab server over a folder, all of whose own files are under `home`: its URL."""
    port = free_port()
    settings_under(home)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        "--ServerApp.allow_root=True", "--IdentityProvider.token=", "--ServerApp.password=",
        f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]  # fmt: skip
    log = (home / "server.log").open("wb")
    process = subprocess.Popen(
        command, env=environment_under(home), cwd=folder, stdout=log, stderr=log, start_new_session=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or answers(f"{url}/api"), "JupyterLab answers")
        if process.poll() is not None:
            pytest.fail(f"JupyterLab ended at once:\n{(home / 'server.log').read_text()[-2000:]}")
        yield url
    finally:
        stop(process)
        log.close()


@pytest.fixture(scope="module")
def lab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A JupyterLab server: its URL, and the folder that it serves."""
    folder = tmp_path_factory.mktemp("notebooks")
    with serving(tmp_path_factory.mktemp("home"), folder) as url:
        yield url, folder


# Not for the session: playwright keeps an event loop running in this thread, and other tests would take it for theirs.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    with browsing(chromium) as browser:
        yield browser


@pytest.fixture
def open_notebook(lab: tuple[str, Path], browser: Any, tmp_path: Path) -> Iterator[Callable[[Path], OpenNotebook]]:
    """A function that opens a copy of a notebook in JupyterLab, runs all its cells, and waits until they have run."""
    url, folder = lab
    pages = []

    def open_it(notebook: Path) -> OpenNotebook:
        copy = folder / f"{tmp_path.name}-{notebook.name}"
        shutil.copy(notebook, copy)
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        pages.append(page)
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{url}/lab/tree/{copy.name}?reset", wait_until="domcontentloaded")
        page.wait_for_function(KERNEL_IS_IDLE)
        page.evaluate("window.jupyterapp.shell.collapseLeft()")  # the notebook has the window to itself
        notebook = OpenNotebook(page)
        notebook.run_all()
        return notebook

    yield open_it
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def screenshot(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any, str], Path]:
    """A function that keeps a picture of an element: under $GRADMAGIC_SCREENSHOTS, or in the test's own folder."""
    folder = Path(os.environ.get("GRADMAGIC_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)

    def keep(element: Any, name: str) -> Path:
        path = folder.resolve() / f"{name}.png"
        element.screenshot(path=path)
        return path

    return keep
