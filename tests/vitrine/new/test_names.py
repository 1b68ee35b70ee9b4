"""What a new pipeline may be called."""

from pathlib import Path

import pytest

from vitrine.new.names import LONGEST, NewError, demand_free, parted


def test_a_name_is_domain_and_subject() -> None:
    assert parted("sales/orders_2") == ("sales", "orders_2")
    assert parted(f"a/{'b' * (LONGEST - 1)}")[1] == "b" * (LONGEST - 1)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("orders", "does not name a pipeline"),
        ("Sales/orders", "does not name a pipeline"),
        ("sales/a/b", "does not name a pipeline"),
        ("sales/../b", "does not name a pipeline"),
        ("sales/1b", "does not name a pipeline"),
        ("sales/class", "'class' is a word of Python"),
        ("import/orders", "'import' is a word of Python"),
        ("sales/match", "'match' is a word of Python"),
        ("common/orders", "'common' means something else here"),
        ("sales/datetime", "'datetime' means something else here"),
        (f"a/{'b' * LONGEST}", f"has {LONGEST + 1} letters, and may have {LONGEST}"),
    ],
)
def test_what_is_no_name_is_refused(name: str, told: str) -> None:
    with pytest.raises(NewError, match=told):
        parted(name)


@pytest.mark.parametrize(
    "there",
    [
        "include/pipelines/sales/orders_v1.yaml",
        "include/pipelines/sales/orders_v3.yml",
        "dags/sales/orders_v2.py",
        "include/contracts/sales/orders.odcs.yaml",
        "dags/common/transforms/orders.py",
    ],
)
def test_what_is_there_has_its_name(tmp_path: Path, there: str) -> None:
    demand_free(tmp_path, "sales", "orders")
    path = tmp_path / there
    path.parent.mkdir(parents=True)
    path.touch()
    with pytest.raises(NewError, match=r"'orders' is there already.*overwritten") as refused:
        demand_free(tmp_path, "sales", "orders")
    assert refused.value.where == str(path)
    for free in ("order", "orders_v", "my_orders", "orders_view"):
        demand_free(tmp_path, "sales", free)


def test_the_names_of_this_repository_are_taken_everywhere(tmp_path: Path) -> None:
    with pytest.raises(NewError, match="'product_revenue' is there already"):
        demand_free(tmp_path, "other", "product_revenue")
