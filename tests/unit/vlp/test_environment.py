"""env/activate as a user and the Makefile source it, and env/.env.example beside what is really read."""

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from common.io.sources.configured import adapter
from common.utils.settings import Settings

SHELLS = [shell for shell in ("sh", "bash", "dash") if shutil.which(shell)]


@pytest.fixture
def house(repository: Path, tmp_path: Path) -> Path:
    """A repository with nothing but env/activate."""
    (tmp_path / "house" / "env").mkdir(parents=True)
    shutil.copy(repository / "env" / "activate", tmp_path / "house" / "env")
    return tmp_path / "house"


def sourced(
    house: Path, shell: str = "sh", script: str = ". env/activate", cwd: Path | None = None, **variables: str
) -> dict[str, str]:
    """The environment after sourcing; what the shell itself says must be nothing."""
    done = subprocess.run(
        [shell, "-c", f"{script} && env -0"],
        cwd=cwd or house,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return dict(pair.split("=", 1) for pair in done.stdout.split("\0") if pair)


@pytest.mark.parametrize("shell", SHELLS)
def test_everything_stands_in_the_houses_own_folder(house: Path, shell: str) -> None:
    found = sourced(house, shell)
    assert found["VITRINE_HOME"] == f"{house}/.vitrine"
    assert found["AIRFLOW_HOME"] == f"{house}/.vitrine/airflow"
    assert found["AIRFLOW__CORE__DAGS_FOLDER"] == f"{house}/dags"
    assert found["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert found["PYTHONPATH"] == f"{house}/dags:{house}/plugins:{house}/include"


@pytest.mark.parametrize("shell", SHELLS)
def test_twice_is_once(house: Path, shell: str) -> None:
    (house / ".venv" / "bin").mkdir(parents=True)
    once, twice = sourced(house, shell), sourced(house, shell, ". env/activate && . ./env/activate")
    assert twice == once
    assert once["PATH"].split(":")[0] == f"{house}/.venv/bin"


SECRETS = {
    "AIRFLOW__API_AUTH__JWT_SECRET": 64,
    "AIRFLOW__API__SECRET_KEY": 32,
    "AIRFLOW__CORE__FERNET_KEY": 32,
}


@pytest.mark.parametrize(("name", "size"), SECRETS.items())
def test_a_secret_is_made_once_and_private(house: Path, name: str, size: int) -> None:
    secret = sourced(house)[name]
    assert len(base64.urlsafe_b64decode(secret)) == size
    assert sourced(house)[name] == secret
    file = house / ".vitrine" / "airflow" / "secrets" / name
    assert oct(file.stat().st_mode)[-3:] == "600"
    assert oct(file.parent.stat().st_mode)[-3:] == "700"
    assert sorted(path.name for path in file.parent.iterdir()) == sorted(SECRETS)
    assert sourced(house, VITRINE_HOME=f"{house}/other")[name] != secret


def test_secrets_that_are_given_are_not_made(house: Path) -> None:
    found = sourced(house, **dict.fromkeys(SECRETS, "given"))
    assert {found[name] for name in SECRETS} == {"given"}
    assert not (house / ".vitrine").exists()


def test_processes_that_start_together_agree_on_a_secret(house: Path) -> None:
    script = f'. env/activate && printf "%s" "${next(iter(SECRETS))}"'
    started = [
        subprocess.Popen(["sh", "-c", script], cwd=house, stdout=subprocess.PIPE, text=True) for _ in range(8)
    ]
    assert len({process.communicate()[0] for process in started}) == 1


def test_another_airflow_of_the_machine_is_left_alone(house: Path) -> None:
    found = sourced(house, AIRFLOW_HOME="/elsewhere", AIRFLOW__CORE__DAGS_FOLDER="/elsewhere/dags")
    assert found["AIRFLOW_HOME"] == f"{house}/.vitrine/airflow"
    assert found["AIRFLOW__CORE__DAGS_FOLDER"] == f"{house}/dags"


def test_what_is_exported_goes_before_the_file_and_the_file_before_the_defaults(house: Path) -> None:
    (house / "env" / ".env").write_text(
        "# a comment\n\n"
        "LOOKBACK_DAYS=7\n"
        "BATCH_SIZE=5\n"
        'VITRINE_SALES_PRODUCT_REVENUE_COLUMNS="date=Invoice Date,product_id=$SKU"\n'
        "AIRFLOW__CORE__PARALLELISM=9\n"
        "EMPTY=\n"
        "VITRINE_HOME=elsewhere"  # no end of line; relative to the repository
    )
    found = sourced(house, BATCH_SIZE="6", EMPTY="full")
    assert found["LOOKBACK_DAYS"] == "7"
    assert found["BATCH_SIZE"] == "6"
    assert found["VITRINE_SALES_PRODUCT_REVENUE_COLUMNS"] == "date=Invoice Date,product_id=$SKU"
    assert found["AIRFLOW__CORE__PARALLELISM"] == "9"
    assert found["EMPTY"] == "full"
    assert found["VITRINE_HOME"] == f"{house}/elsewhere"
    assert found["AIRFLOW_HOME"] == f"{house}/elsewhere/airflow"


def test_a_line_of_the_file_is_never_run(house: Path) -> None:
    (house / "env" / ".env").write_text("A=$(touch run)\nB=`touch run`\nC=x; touch run\n")
    found = sourced(house)
    assert (found["A"], found["B"], found["C"]) == ("$(touch run)", "`touch run`", "x; touch run")
    assert not (house / "run").exists()


def test_a_name_that_is_none_is_said_to_be(house: Path) -> None:
    (house / "env" / ".env").write_text("A$(touch run)=1\nGOOD=2\n")
    done = subprocess.run(
        ["sh", "-c", ". env/activate && echo $GOOD"], cwd=house, capture_output=True, text=True, check=True
    )
    assert "is no name of a variable" in done.stderr
    assert done.stdout == "2\n"
    assert not (house / "run").exists()


def test_from_another_folder_it_says_what_to_do(house: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", f". {house}/env/activate"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "source it from the root of the repository" in done.stderr


@pytest.mark.skipif("bash" not in SHELLS, reason="bash is not installed")
def test_bash_finds_it_from_anywhere(house: Path, tmp_path: Path) -> None:
    found = sourced(house, "bash", f". {house}/env/activate", cwd=tmp_path)
    assert found["VITRINE_REPOSITORY"] == str(house)


def test_every_variable_is_in_the_example_with_a_word_about_it(repository: Path) -> None:
    text = (repository / "env" / ".env.example").read_text("utf-8")
    names = {str(field.alias) for field in Settings.model_fields.values() if field.alias}
    names |= {
        f"VITRINE_SALES_PRODUCT_REVENUE_{name}".upper()
        for name in adapter("files").settings.model_fields
        if name != "shape"  # which pipelines in YAML say, and nobody writes
    }
    lines = text.splitlines()
    for name in names:
        (at,) = [number for number, line in enumerate(lines) if line.startswith(f"#{name}=")]
        assert lines[at - 1].startswith("# "), f"no word about {name}"


def test_the_example_says_the_true_defaults(repository: Path) -> None:
    text = (repository / "env" / ".env.example").read_text("utf-8")
    defaults = {str(field.alias): field.default for field in Settings.model_fields.values() if field.alias}
    for name in ("LOOKBACK_DAYS", "BATCH_SIZE", "VITRINE_KEEP_VERSIONS", "VITRINE_MEMORY_LIMIT"):
        found = re.search(rf"^#{name}=(.*)$", text, re.MULTILINE)
        assert found
        assert found[1] == str(defaults[name])
