"""What every test shares: an environment of its own, and the real data where it is there."""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import pytest

import servers

REPOSITORY = Path(__file__).resolve().parents[1]
REALDATA = REPOSITORY.parent / "shared" / "realdata"

# Before anything imports Airflow: without AIRFLOW_HOME it writes its configuration into the user's home.
AIRFLOW_HOME = tempfile.mkdtemp(prefix="vitrine-tests-")
os.environ["AIRFLOW_HOME"] = AIRFLOW_HOME
for variable in [name for name in os.environ if name.startswith(("VITRINE_", "AIRFLOW__"))]:
    del os.environ[variable]
for variable in ("LOOKBACK_DAYS", "BATCH_SIZE"):
    os.environ.pop(variable, None)
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(REPOSITORY / "dags")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"


def pytest_report_header() -> list[str]:
    """Which stores the tests of this session can run against."""
    return servers.header_lines()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which stores they did run against."""
    terminalreporter.section("stores")
    for line in servers.closing_lines():
        terminalreporter.line(line)


def pytest_unconfigure() -> None:
    """Ends what the session started (not at interpreter exit: forked task processes have one too)."""
    servers.shut_down()
    shutil.rmtree(AIRFLOW_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real data, which stands beside the repository and is no part of it."""
    if not REALDATA.is_dir():
        pytest.skip("the real data is not beside this repository (../shared/realdata)")
    return REALDATA


@pytest.fixture(scope="session")
def online_retail(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """UCI Online Retail, one CSV file a trading day, 2010-12 to 2011-06: 167 files, read only."""
    archives = sorted((realdata / "sales").glob("online_retail_by_day*.tar.gz"))
    if not archives:
        pytest.skip(
            "the Online Retail archive is not among the real data (sales/online_retail_by_day*.tar.gz)"
        )
    folder = tmp_path_factory.mktemp("online_retail")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.rglob("*.csv")).parent
