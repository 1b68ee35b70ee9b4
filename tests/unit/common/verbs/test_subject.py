"""A subject is names; its functions are imported when asked for."""

import subprocess
import sys
from pathlib import Path

from common.transforms import product_revenue
from common.verbs.subject import Subject

SUBJECT = Subject("sales", "product_revenue", 1)


def test_names() -> None:
    assert SUBJECT.collection == "sales/product_revenue"
    assert SUBJECT.dag_id == "vitrine_sales_product_revenue_v1"
    assert SUBJECT.intake("order_lines").variables == "VITRINE_SALES_PRODUCT_REVENUE_"
    assert SUBJECT.module() is product_revenue


def test_a_dag_file_may_name_a_subject_without_loading_an_engine(repository: Path) -> None:
    heavy = "{'duckdb', 'narwhals', 'deltalake', 'pandas'}"
    program = f"import sys; from common.verbs.subject import Subject; print({heavy} & set(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=repository / "dags", capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "set()"
