"""A small shop with a home of its own, whose DAG Airflow runs for real."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from common.io import reports
from common.io.collections.protocol import Query, Version
from common.io.reports import RunRecord
from common.utils.contract import Contract
from common.utils.settings import Settings
from common.verbs.pipeline import live_version

HEADER = "date,product_id,product_name,quantity,unit_price"
DAG_ID = "vitrine_sales_product_revenue_v1"
TASKS = ["extract_order_lines"]
TASKS += [f"{verb}_product_revenue" for verb in ("transform", "validate", "load", "publish")]


@dataclass
class House:
    """The files and the home of one test, and its DAG."""

    files: Path
    settings: Settings
    contract: Contract
    runs: list[Any] = field(default_factory=list)

    def write(self, name: str, *lines: str, header: str = HEADER) -> None:
        (self.files / name).write_text("\n".join([header, *lines, ""]), encoding="utf-8")

    def dag(self) -> Any:
        """Parsed anew; a task that may be retried is retried at once."""
        from vlp.local import collection_dags

        folder = Path(__file__).resolve().parents[2] / "dags"
        dag = next(one for one in collection_dags(folder) if one.dag_id == DAG_ID)
        for task in dag.tasks:
            task.retries, task.retry_delay = 1, timedelta(0)
        return dag

    def run(self, dag: Any = None, **arguments: Any) -> Any:
        """The DAG run of one ``dag.test``; keyword arguments are its parameters, or ``logical_date``."""
        given = {name: arguments.pop(name) for name in ("logical_date",) if name in arguments}
        self.runs.append((dag or self.dag()).test(run_conf=arguments, **given))
        return self.runs[-1]

    @property
    def live(self) -> Version | None:
        return live_version(self.contract, self.settings)

    @property
    def record(self) -> RunRecord:
        """Of the last run."""
        found = reports.read(self.settings, self.contract.name, self.runs[-1].run_id)
        assert found
        return found

    def rows(self) -> list[dict[str, Any]]:
        """What readers see."""
        from common.io.collections import open_store

        store = open_store(self.settings.collections_url, batch_size=1000, read_only=True)
        assert self.live
        page = store.collection(self.contract).read(self.live.number, Query(limit=1000))
        store.close()
        return page.rows.to_pylist()


def states(run: Any) -> dict[str, str]:
    """State and number of tries of each task, in the order of the chain."""
    found = {one.task_id: f"{one.state}:{one.try_number}" for one in run.get_task_instances()}
    return {task: found[task] for task in TASKS}


def asset_events() -> list[dict[str, Any]]:
    """The extras of the collection's asset events, the oldest first."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.settings import Session
    from sqlalchemy import select

    with Session() as session:
        query = select(AssetEvent).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        query = query.where(AssetModel.uri == "vitrine://sales/product_revenue").order_by(AssetEvent.id)
        return [event.extra for event in session.scalars(query)]
