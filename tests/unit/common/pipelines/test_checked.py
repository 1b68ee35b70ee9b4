from pathlib import Path

import pytest

from common.pipelines.cards import card
from common.pipelines.checked import check, checked
from common.pipelines.contracts import contracts
from common.pipelines.read import PipelineError, folder, paths
from common.utils.settings import Settings
from unit.common.pipelines.pipeline_kit import house, published, rows, written

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: vitrine.shop.orders
version: 1.0.0
status: active
domain: shop
team: {name: shop-data}
schema:
  - name: orders
    logicalType: object
    properties:
      - name: date
        logicalType: date
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        partitioned: true
        partitionKeyPosition: 1
      - {name: product, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: revenue, logicalType: number, physicalType: "decimal(18,4)"}
      - {name: lines, logicalType: integer}
    customProperties: [{property: partitionBy, value: day}]
slaProperties: [{property: freshness, value: 48, unit: h}]
customProperties: [{property: maxRowDrop, value: 0.5}, {property: maxRejected, value: 1}]
"""
OWN = "collection: {key: [date, product], freshness: 48h}\n"


def inline(text: str) -> str:
    return "contract:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def problems(path: Path, settings: Settings | None = None) -> list[str]:
    return [one.removeprefix(f"{path}:") for one in check([path], settings)[path]]


def test_a_right_file_is_checked_once(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert checked(path) is checked(path)
    path.write_text(path.read_text("utf-8").replace("48h", "24h"), encoding="utf-8")
    assert checked(path).contract.freshness.days == 1


def test_a_contract_in_the_file_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    right = published(written(tmp_path, (OWN, inline(CONTRACT))), settings)
    assert right.contract.field("lines").required is False
    assert len(rows(right, settings)) == 2


def test_a_contract_may_stand_in_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_CONTRACTS", str(tmp_path / "contracts"))
    settings = house(tmp_path, monkeypatch)
    file = tmp_path / "contracts" / "shop" / "orders.odcs.yaml"
    path = written(tmp_path, (OWN, f"contract: {file}\n"))
    assert problems(path, settings) == ["18:1: The file cannot be read: No such file or directory."]
    file.parent.mkdir(parents=True)
    file.write_text(CONTRACT, encoding="utf-8")
    assert checked(path, settings).contract.version == "1.0.0"
    assert problems(written(tmp_path), settings) == [
        f"18:1: there is a contract in {file}: say contract: with its path, or take the file away"
    ]
    elsewhere = written(tmp_path, (OWN, "contract: include/contracts/sales/product_revenue.odcs.yaml\n"))
    assert problems(elsewhere, settings) == [f"18:1: the contract of this pipeline stands in {file}"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "name: revenue",
            "name: revenu",
            "18:1: the contract has no column 'revenue': did you mean 'revenu'?",
        ),
        (
            "logicalType: integer",
            "logicalType: string",
            "18:1: 'lines' is string in the contract, and integer after the steps",
        ),
        ("version: 1.0.0", "version: 2.0.0", "18:1: the contract is of version 2.0.0, and the file of _v1"),
        ("domain: shop", "domain: shp", "18:1: domain is 'shp', and in this file it must be 'shop'"),
        (
            "      - {name: lines, logicalType: integer}\n",
            "",
            "18:1: the contract has no column 'lines': known: date, product, revenue.",
        ),
    ],
)
def test_a_contract_fits_the_steps(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in CONTRACT
    assert problem in problems(written(tmp_path, (OWN, inline(CONTRACT.replace(old, new)))))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (OWN, "", "1:1: a pipeline has either 'collection', of which a contract is made, or 'contract'"),
        (
            "key: [date, product]",
            "key: [date, produkt]",
            "18:26: unknown column 'produkt': did you mean 'product'?",
        ),
        (
            "freshness: 48h}",
            "freshness: 48h, indexes: [[lins]]}",
            "18:63: unknown column 'lins': did you mean 'lines'?",
        ),
        (
            "freshness: 48h}",
            "freshness: 48h, descriptions: {x: y}}",
            "18:67: unknown column 'x': known: date, lines, product, revenue.",
        ),
        (
            "by: [date, product]",
            "by: [product]",
            "18:20: unknown column 'date': known: lines, product, revenue.",
        ),
        (
            "key: [date, product]",
            "key: [product], partition_by: day",
            "18:30: 'date' is no column of the key: add it there, or say hash",
        ),
        (
            "dead_letters:",
            "totals: {x: {source: sum(price), collection: average(lines)}}\ndead_letters:",
            "19:34: a total is an exact number, and this is of type number",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert problem in problems(written(tmp_path, (old, new)))


def test_pipelines_that_wait_for_each_other_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_PIPELINES", str(tmp_path / "pipelines"))
    wait = '"@daily"', "{after: [shop/b]}"
    written(tmp_path, wait, name="shop/a_v1.yaml")
    written(tmp_path, ('"@daily"', "{after: [shop/a]}"), name="shop/b_v1.yaml")
    told = [one for found in check(paths(folder())).values() for one in found]
    assert len(told) == 1
    assert "pipelines wait for each other: shop/a waits for shop/b waits for shop/a" in told[0]


def test_a_wrong_file_is_an_error_with_all_its_problems(tmp_path: Path) -> None:
    path = written(tmp_path, ("quantity > 0", "quantty > 0"), ("key: [order_id]", "key: [id]"))
    with pytest.raises(PipelineError) as error:
        checked(path)
    assert str(error.value).splitlines() == [
        "The pipeline is not right:",
        f"{path}:14:11: unknown field 'id': known: order_id, price, product, quantity, sold_at.",
        f"{path}:16:13: unknown column 'quantty': did you mean 'quantity'?",
    ]


@pytest.mark.parametrize(
    "text",
    [
        'tags: [!!bool "x"]',
        "tags: [!!timestamp xyz]",
        'retries: {times: !!int ""}',
        "tags: " + "[" * 100_000,
        "tags: " + "x" * 1_000_001,
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{two}: &{two} [{', '.join([f'*{one}'] * 10)}]\n"
            for one, two in zip("abcdefg", "bcdefgh", strict=True)
        ),
        "contract: {}",
        "contract: " + "[" * 90 + "]" * 90,
    ],
    ids=range(8),
)
def test_a_file_that_is_wrong_in_itself_is_no_concern_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    settings = house(tmp_path, monkeypatch)
    bad = written(tmp_path, ("owner: shop-data", f"owner: shop-data\n{text}"), name="shop/bad_v1.yaml")
    good = written(tmp_path)
    found = check([bad, good], settings)
    assert found[bad]
    assert found[good] == []
    assert card(bad, settings).problem
    assert "shop/orders" in contracts(settings)


def test_the_key_of_a_mask_is_looked_up(tmp_path: Path) -> None:
    mask = "steps:\n", "steps:\n  - mask: {product: {hash: KEY}}\n"
    assert problems(written(tmp_path, (mask[0], mask[1].replace("KEY", "abc")))) == [
        "16:12: the key stands in the file: write it as ${NAME}, or encrypt it"
    ]
    assert problems(written(tmp_path, (mask[0], mask[1].replace("KEY", '"${KEY}"')))) == []


def test_a_relative_path_is_told_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, ("quantity > 0", "quantty > 0"))
    monkeypatch.chdir(tmp_path)
    path = Path("pipelines/shop/orders_v1.yaml")
    assert check([path])[path] == [f"{path}:16:13: unknown column 'quantty': did you mean 'quantity'?"]
