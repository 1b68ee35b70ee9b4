from pathlib import Path

import pytest

from common.pipelines.read import PipelineError, folder, path_of, paths, read
from unit.common.pipelines.pipeline_kit import written


def refused(path: Path) -> list[str]:
    with pytest.raises(PipelineError) as error:
        read(path).file.demand_right()
    return [line.removeprefix(f"{path}:") for line in str(error.value).splitlines()[1:]]


def test_a_file_is_read(tmp_path: Path) -> None:
    found = read(written(tmp_path))
    assert (found.domain, found.subject, found.major, found.name) == ("shop", "orders", 1, "shop/orders")
    assert found.dag_id == "vitrine_shop_orders_v1"
    assert found.spec.sources["orders"].fields["quantity"].type == "integer"
    assert found.spec.sources["orders"].fields["sold_at"].name == "SoldAt"
    assert found.spec.sources["orders"].settings == {"path": "${ORDERS}"}
    assert found.spec.schedule is not None
    assert found.spec.schedule.cron == "@daily"


def test_words_that_older_yaml_takes_for_others_are_texts(tmp_path: Path) -> None:
    path = written(
        tmp_path, ("steps:\n", "steps:\n  - join: {with: orders, on: [no]}\n  - filter: 2026-01-31\n")
    )
    join, day, *_ = read(path).spec.steps
    assert join == {"join": {"with": "orders", "on": ["no"]}}
    assert day == {"filter": "2026-01-31"}


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        ("owner:", "ownr:", ["1:1: 'owner' is missing", "2:1: unknown key 'ownr': did you mean 'owner'?"]),
        ("quantity: integer", "quantity: intger", ["11:7: unknown type 'intger': did you mean 'integer'?"]),
        ("required: true", "requird: true", ["10:31: unknown key 'requird': did you mean 'required'?"]),
        ("required: true", "required: 1", ["10:31: required: 1 should be a valid boolean"]),
        (
            "  orders:\n",
            "  Orders:\n",
            ["5:3: the name 'Orders' must be small letters, digits and _, and begin with a letter"],
        ),
        (
            "freshness: 48h",
            "freshness: soon",
            ["18:36: 'soon' is no time span: write it as 90s, 15m, 48h or 30d"],
        ),
        ("max_share: 1}", "max_share: 2}", ["19:16: max_share: 2 should be less than or equal to 1"]),
        (
            '"decimal(18,4)"',
            "decimal(18,4)",
            ['12:15: put the type in quotes, "decimal(18,4)": within {…} a comma ends a value'],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, problems: list[str]
) -> None:
    assert sorted(refused(written(tmp_path, (old, new)))) == sorted(problems)


def test_the_files_name_says_what_it_is(tmp_path: Path) -> None:
    assert (
        "1:1: a pipeline's file is named <subject>_v<major>.yaml, and this one is 'orders.yaml'"
        in refused(written(tmp_path, name="shop/orders.yaml"))
    )
    assert "1:1: the folder of a pipeline is its domain, in small letters; 'Shop' is none" in refused(
        written(tmp_path, ("owner:", "ownr:"), name="Shop/orders_v1.yaml")
    )


def test_an_alias_that_names_itself_ends(tmp_path: Path) -> None:
    path = written(tmp_path, ("owner: shop-data", "owner: shop-data\ntags: &tags [*tags]"))
    with pytest.raises(PipelineError, match="with its aliases it has more than"):
        read(path)


def test_where_pipelines_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder().parts[-2:] == ("include", "pipelines")
    monkeypatch.setenv("VITRINE_PIPELINES", str(tmp_path / "pipelines"))
    path = written(tmp_path)
    assert path_of("shop", "orders", 1) == path
    assert paths(folder()) == [path]
