import pytest
from pydantic import ValidationError

from common.pipelines.format_rules import RULE_KINDS, Rule


def test_a_rule_is_of_one_kind() -> None:
    assert Rule(not_null=["a"]).kind == "not_null"
    assert set(RULE_KINDS) <= set(Rule.model_fields)
    for given in ({}, {"not_null": ["a"], "unique": ["a"]}):
        with pytest.raises(ValidationError, match="a rule is one of"):
            Rule.model_validate(given)
