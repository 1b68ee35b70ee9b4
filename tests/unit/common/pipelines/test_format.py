import pytest
from pydantic import ValidationError

from common.pipelines.format import Source


def test_a_type_alone_stands_for_a_field() -> None:
    found = Source.model_validate(
        {"path": "x", "fields": {"a": "integer", "b": {"type": "string", "from": "B"}}}
    )
    assert (found.fields["a"].type, found.fields["b"].name) == ("integer", "B")
    assert found.settings == {"path": "x"}
    with pytest.raises(ValidationError, match="unknown type 'text'"):
        Source.model_validate({"fields": {"a": "text"}})
