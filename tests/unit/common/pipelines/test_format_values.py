import pytest

from common.pipelines.format_values import seconds


@pytest.mark.parametrize(("text", "length"), [("90s", 90), ("15m", 900), ("2h", 7200), ("3d", 259200)])
def test_a_time_span_in_seconds(text: str, length: int) -> None:
    assert seconds(text) == length
