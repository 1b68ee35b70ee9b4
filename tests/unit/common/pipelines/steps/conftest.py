"""Steps on the engine."""

from collections.abc import Iterator

import pytest

from unit.common.pipelines.steps.kit import Bench, bench


@pytest.fixture(scope="module", name="bench")
def _bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("bench")) as found:
        yield found
