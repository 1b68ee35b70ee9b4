from common.pipelines.expressions.functions import FUNCTIONS
from common.pipelines.expressions.functions_of_groups import OF_GROUPS
from common.pipelines.expressions.functions_of_rows import OF_ROWS


def test_all_functions_are_there() -> None:
    assert set(FUNCTIONS) == {*OF_GROUPS, *OF_ROWS}
    assert len(FUNCTIONS) == len(OF_GROUPS) + len(OF_ROWS)
    assert "column" not in FUNCTIONS, "it is of the grammar"


def test_each_says_what_it_means() -> None:
    for name, function in FUNCTIONS.items():
        assert function.meaning[0].islower(), name
        assert not function.meaning.endswith("."), name
        assert function.aggregate is (name in OF_GROUPS)
