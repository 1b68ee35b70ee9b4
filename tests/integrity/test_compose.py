"""docker-compose.yml and env/Dockerfile: valid, pinned, without secrets, without root."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE = REPOSITORY / "docker-compose.yml"
DOCKERFILE = REPOSITORY / "env" / "Dockerfile"
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY|CONN", re.IGNORECASE)
FROM_OUTSIDE = re.compile(r"\$\{\w+:\?[^}]+\}")
NOT_SECRET = {"VITRINE_SALES_PRODUCT_REVENUE_KEY"}  # names of columns


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text("utf-8"))


def required(text: str) -> set[str]:
    """The variables without which the file is refused."""
    return set(re.findall(r"\$\{(\w+):\?", text))


def literal_secrets(composed: dict[str, Any]) -> Iterator[str]:
    for name, service in composed["services"].items():
        for variable, value in (service.get("environment") or {}).items():
            if SECRET.search(variable) and variable not in NOT_SECRET and not FROM_OUTSIDE.search(str(value)):
                yield f"{name}: {variable}"


def unpinned(image: str) -> bool:
    """Whether an image's tag names less than a release: ``postgres:17``, ``postgres:latest``."""
    return not re.search(r":\d+\.\d+(\.\d+)?([.-][\w.-]+)?$|@sha256:[0-9a-f]{64}$", image)


def test_the_services_of_local_work_are_there(composed: dict[str, Any]) -> None:
    airflow = {"api-server", "scheduler", "dag-processor", "triggerer", "init"}
    assert set(composed["services"]) == airflow | {"postgres", "mongo"}
    for name in airflow - {"init"}:
        sources = [str(volume) for volume in composed["services"][name]["volumes"]]
        assert all(
            any(f"./{room}:" in source for source in sources) for room in ("dags", "plugins", "include")
        )


def test_every_image_is_pinned_and_no_secret_is_written_down(composed: dict[str, Any]) -> None:
    assert [service["image"] for service in composed["services"].values() if unpinned(service["image"])] == []
    assert list(literal_secrets(composed)) == []
    bad = {"services": {"a": {"environment": {"DB_PASSWORD": "hunter2", "PATH": "x"}}}}
    assert list(literal_secrets(bad)) == ["a: DB_PASSWORD"]
    assert [image for image in ("mongo", "mongo:latest", "mongo:8", "mongo:8.0.1") if unpinned(image)] == [
        "mongo",
        "mongo:latest",
        "mongo:8",
    ]


def test_users_are_in_the_database_and_the_administrator_is_made_before_anybody_signs_in(
    composed: dict[str, Any],
) -> None:
    services = composed["services"]
    airflow = [one for one in services.values() if one["image"].startswith("vitrine:")]
    assert len(airflow) == 5
    managers = {one["environment"]["AIRFLOW__CORE__AUTH_MANAGER"] for one in airflow}
    assert managers == {"airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"}
    assert {one["environment"]["VITRINE_API_REGISTER"] for one in airflow} == {
        "${VITRINE_API_REGISTER:-false}"
    }
    script = services["init"]["command"][-1]
    assert script.index("airflow db migrate") < script.index("airflow users create --role Admin")
    assert "--password" not in script, "a command line is seen by every process"
    assert services["init"]["environment"]["ADMIN_PASSWORD"].startswith("${VITRINE_ADMIN_PASSWORD:?")
    waiting = [one for one in services if "init" in services[one].get("depends_on", {})]
    assert set(waiting) == {"api-server", "scheduler", "dag-processor", "triggerer"}


def test_every_service_that_stays_up_is_watched_and_restarted(composed: dict[str, Any]) -> None:
    image_checks_itself = "HEALTHCHECK" in DOCKERFILE.read_text("utf-8")
    for name, service in composed["services"].items():
        if name == "init":
            continue
        assert "healthcheck" in service or (name == "api-server" and image_checks_itself), name
        assert service["restart"] == "unless-stopped", name


def test_ports_are_open_on_this_machine_alone(composed: dict[str, Any]) -> None:
    ports = [str(port) for service in composed["services"].values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_required_variable_is_explained() -> None:
    example = (REPOSITORY / "env" / ".env.example").read_text("utf-8")
    assert [name for name in required(COMPOSE.read_text("utf-8")) if f"{name}=" not in example] == []


def test_the_image_is_pinned_without_root_secret_or_compiler() -> None:
    text = DOCKERFILE.read_text("utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    images = re.findall(r"^FROM (\S+)", code, re.MULTILINE)
    assert len(images) == 2, "one stage builds, one runs"
    assert [image for image in images if not re.search(r":\d+\.\d+\.\d+-", image)] == []
    assert re.findall(r"^USER (\S+)", code, re.MULTILINE) == ["vitrine"]
    assert "HEALTHCHECK" in code
    assert code.count("--require-hashes") == 2
    assert re.search(r"apt-get|gcc|build-essential|PASSWORD|SECRET|TOKEN", code) is None


def compose_command() -> list[str]:
    """Docker Compose 2 or later, a plugin or a program of its own; it checks a file without an engine."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            version = subprocess.run(
                [*command, "version", "--short"], capture_output=True, text=True, check=False
            )
            if version.returncode == 0 and not version.stdout.startswith(("1.", "v1.")):
                return command
    pytest.skip("neither `docker compose` nor `docker-compose` 2 is installed; .ci/run installs it")


def config(secrets: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """``docker compose config`` with these secrets and no other variable that the file asks for."""
    (folder / "env").write_text("".join(f"{name}={value}\n" for name, value in secrets.items()), "utf-8")
    command = [*compose_command(), "--file", str(COMPOSE), "--env-file", str(folder / "env")]
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*command, "config", "--format", "json"], capture_output=True, text=True, check=False, env=bare
    )


def test_compose_accepts_the_file(tmp_path: Path) -> None:
    secrets = {name: f"value-of-{name.lower()}" for name in required(COMPOSE.read_text("utf-8"))}
    done = config(secrets, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    services = json.loads(done.stdout)["services"]
    tokens = {
        name: service["environment"]["AIRFLOW__API_AUTH__JWT_SECRET"]
        for name, service in services.items()
        if service["image"].startswith("vitrine:")
    }
    assert len(tokens) == 5
    assert len(set(tokens.values())) == 1, "the components check one another's tokens"


def test_compose_names_the_secret_that_is_missing(tmp_path: Path) -> None:
    names = sorted(required(COMPOSE.read_text("utf-8")))
    done = config({name: "x" for name in names[1:]}, tmp_path)
    assert done.returncode != 0
    assert names[0] in done.stderr
    assert "env/.env" in done.stderr
