import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from common.utils.errors import ContractError
from common.utils.odcs import contract_names, load_contract, load_contracts
from unit.common.contract_kit import FILE, line, written


def refused(path: Path) -> str:
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    return str(caught.value)


def test_the_standards_own_lint_accepts_every_contract_as_it_is() -> None:
    command = Path(sys.executable).with_name("datacontract")
    for path in sorted((FILE.parents[1]).rglob("*.yaml")):
        done = subprocess.run(
            [command, "lint", "--all-errors", path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{path}\n{done.stdout}{done.stderr}"


def test_the_contract_of_product_revenue() -> None:
    contract = load_contract(FILE)
    assert (contract.name, contract.version, contract.owner) == (
        "sales/product_revenue",
        "1.0.0",
        "sales-data",
    )
    assert contract.key == ("date", "product_id")
    assert (contract.partition_field, contract.partition_by) == ("date", "day")
    assert contract.indexes == (("product_id", "date"), ("revenue",), ("quantity",))
    assert contract.freshness == timedelta(hours=48)
    assert (contract.max_row_drop, contract.max_rejected) == (0.5, 0.05)
    assert contract.description.startswith("Revenue, units and returns")
    money = pa.decimal128(18, 4)
    assert {field.name: field.type for field in contract.schema} == {
        "date": pa.date32(),
        "product_id": pa.string(),
        "product_name": pa.string(),
        "quantity": pa.int64(),
        "returned_quantity": pa.int64(),
        "revenue": money,
        "gross_revenue": money,
        "order_lines": pa.int64(),
    }
    assert [field.name for field in contract.schema if field.nullable] == ["product_name"]
    assert {rule.on_failure for rule in contract.rules} == {"fail", "warn", "continue"}
    assert all(field.description and field.examples for field in contract.fields)
    assert all(rule.description for rule in contract.rules)


def test_a_folder_gives_its_contracts_by_name(tmp_path: Path) -> None:
    written(tmp_path)
    assert load_contracts(tmp_path) == {"sales/product_revenue": load_contract(FILE)}


def test_a_file_that_would_be_passed_over_is_an_error(tmp_path: Path) -> None:
    written(tmp_path, name="sales/product_revenue.yml")
    with pytest.raises(ContractError, match=r"file name ends in \.odcs\.yaml"):
        load_contracts(tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="VITRINE_CONTRACTS"):
        load_contracts(tmp_path / "absent")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert load_contract(path) is load_contract(path)
    written(tmp_path, ("version: 1.0.0", "version: 1.1.0"))
    assert load_contract(path).version == "1.1.0"


def test_parsing_is_quick_and_brings_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from common.utils import expectations, odcs; "
        "print({'pandas', 'great_expectations', 'duckdb', 'narwhals', 'deltalake'} & sys.modules.keys())"
    )
    dags = FILE.parents[3] / "dags"
    done = subprocess.run([sys.executable, "-c", code], cwd=dags, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    path = written(tmp_path)
    started = time.perf_counter()
    load_contract(path)
    assert time.perf_counter() - started < 0.05


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "\nkind: DataContract",
            "\nkind: Contract",
            "kind is 'Contract', and in this file it must be 'DataContract'",
        ),
        (
            "apiVersion: v3.1.0",
            "apiVersion: v3.0.2",
            "apiVersion is 'v3.0.2', and in this file it must be 'v3.1.0'",
        ),
        ("\ndomain: sales", "\ndomain: sale", "domain is 'sale', and in this file it must be 'sales'"),
        (
            "  - name: product_revenue",
            "  - name: product_revenues",
            "name is 'product_revenues', and in this file it must be 'product_revenue'",
        ),
        ("version: 1.0.0", "version: '1.0'", "version is '1.0', and must be written like 1.0.0"),
        ("  name: sales-data", "  id: sales-data", "team has a name"),
    ],
)
def test_what_the_file_says_of_itself_must_agree(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = written(tmp_path, (old, new))
    error = refused(path)
    assert told in error
    assert len(error.splitlines()) == 2, error


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("\nstatus: active", "\nstatu: active", "unknown key 'statu': did you mean 'status'?"),
        ("  purpose:", "  purpos:", "unknown key 'purpos': did you mean 'purpose'?"),
        ("    value: 48", "    valu: 48", "unknown key 'valu': did you mean 'value'?"),
        (
            "property: freshness",
            "property: freshnes",
            "unknown service level 'freshnes': did you mean 'freshness'?",
        ),
        ("    unit: h\n", "    unit: hr\n", "unknown unit 'hr': did you mean"),
        ("    value: 48", "    value: '48'", "freshness is a number above 0, not '48'"),
        ("    value: 48", "    value: 0", "freshness is a number above 0, not 0"),
        (
            "property: maxRowDrop",
            "property: maxRowDrops",
            "unknown custom property 'maxRowDrops': did you mean 'maxRowDrop'?",
        ),
        (
            "    value: 0.5\n",
            "    value: 50\n",
            "the custom property maxRowDrop is 50; give a share from 0 to 1",
        ),
        (
            "    value: 0.05\n",
            "    value: true\n",
            "the custom property maxRejected is True; give a share from 0 to 1",
        ),
        ("property: maxRejected", "property: maxRowDrop", "the custom property 'maxRowDrop' is given twice"),
    ],
)
def test_a_wrong_name_or_value_is_told_with_file_and_line(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    path = written(tmp_path, (old, new))
    error = refused(path)
    lines = path.read_text("utf-8").splitlines()
    named = next(one for one in error.splitlines() if told in one).removeprefix(f"{path}:").partition(":")[0]
    assert lines[int(named) - 1].strip().removeprefix("- ").startswith(new.strip())


def test_freshness_must_be_given_and_once(tmp_path: Path) -> None:
    text = FILE.read_text("utf-8")
    level = text[text.index("slaProperties:") : text.index("customProperties:\n  - property: maxRowDrop")]
    assert "freshness is missing" in refused(written(tmp_path, (level, "")))
    twice = level + level.removeprefix("slaProperties:\n")
    assert "freshness is given twice" in refused(written(tmp_path, (level, twice)))
    in_days = load_contract(
        written(tmp_path, (level, level.replace("48", "1.5").replace("unit: h", "unit: days")))
    )
    assert in_days.freshness == timedelta(hours=36)


def test_a_value_of_the_wrong_type_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, ("        primaryKeyPosition: 1", "        primaryKeyPosition: first"))
    assert f"{path}:{line(path, 'primaryKeyPosition: first')}:" in refused(path)


def test_all_errors_of_a_file_are_told_together(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        ("version: 1.0.0", "version: one"),
        ("        required: true", "        requird: true"),
        ("    unit: h\n", "    unit: fortnights\n"),
    )
    error = refused(path)
    for told in (
        "version is 'one'",
        "did you mean 'required'?",
        "unknown unit 'fortnights'",
        "needs required: true",
    ):
        assert told in error


def test_a_contract_describes_one_collection(tmp_path: Path) -> None:
    path = tmp_path / "sales" / "empty.odcs.yaml"
    path.parent.mkdir()
    path.write_text("kind: DataContract\n", encoding="utf-8")
    error = refused(path)
    for told in (
        "here are 0",
        "the key needs",
        "team has a name",
        "maxRowDrop is missing",
        "freshness is missing",
    ):
        assert told in error


def test_the_names_of_contracts_need_no_reading(tmp_path: Path, repository: Path) -> None:
    for name in ("sales/broken", "content/views"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / f"{name}.odcs.yaml").write_text("nonsense")
    (tmp_path / "sales" / "README.md").touch()
    assert contract_names(tmp_path) == ["content/views", "sales/broken"]
    folder = repository / "include" / "contracts"
    assert contract_names(folder) == sorted(load_contracts(folder))
