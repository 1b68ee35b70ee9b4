from vlp.catalogue import Entry, Origin
from vlp.lineage import graph


def entry(collection: str, *sources: Origin, after: tuple[str, ...] = (), **targets: str) -> Entry:
    return Entry("dag", "", "", "", after, "", collection, sources, targets=tuple(sorted(targets.items())))


def test_data_flow_along_the_lines() -> None:
    lines = graph(
        [
            entry("sales/orders", Origin("lines", "files", ""), warehouse="postgresql", other=""),
            entry(
                "sales/months", Origin("days", "collection", "sales/orders"), after=("sales/orders", "x/y")
            ),
        ]
    )
    assert lines == [
        "```mermaid",
        "flowchart LR",
        '  c_sales__orders[("sales/orders")]',
        '  s_sales__orders__lines[/"lines (files)"/] --> c_sales__orders',
        '  c_sales__orders --> t_sales__orders__other["other"]',
        '  c_sales__orders --> t_sales__orders__warehouse["warehouse (postgresql)"]',
        '  c_sales__months[("sales/months")]',
        "  c_sales__orders --> c_sales__months",
        "  c_x__y -.-> c_sales__months",
        "```",
    ]
