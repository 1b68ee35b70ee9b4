import pytest

from unit.common.pipelines.expressions.kit import wrong

PATTERN = "and it must be a regular expression in quotes"
UNITS = "year, quarter, month, week, day, hour, minute, second"


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("i + upercase(s)", 4, "unknown function 'upercase': did you mean 'upper'?"),
        ("column(s)", 0, "column(…) takes the name of a column in quotes"),
        ("column('a', 'b')", 0, "column(…) takes the name of a column in quotes"),
        ("column('clas')", 7, "unknown column 'clas': did you mean 'class'?"),
        ("s.upper()", 0, "only functions of the language can be called"),
        ("upper()", 0, "upper(…) takes 1 argument, and here are none"),
        ("upper(s, s)", 0, "upper(…) takes 1 argument, and here are 2"),
        ("replace(s)", 0, "replace(…) takes 3 arguments, and here is 1"),
        ("coalesce(s)", 0, "coalesce(…) takes 2 to 99 arguments, and here is 1"),
        ("upper(text=s)", 0, "upper(…) takes its arguments in their order, without names"),
        ("upper(*s)", 0, "upper(…) takes its arguments in their order, without names"),
        ("upper(i)", 6, "here stands a value of type integer, and it must be a text"),
        ("upper(null)", 6, "here stands null, and it must be a text"),
        ("concat(s, null)", 10, "here stands null, and it must be a value"),
        ("abs('x')", 4, "here stands 'x', and it must be a number"),
        (
            "round(m, i)",
            9,
            "here stands a value of type integer, and it must be a whole number in digits, -18 to 18",
        ),
        (
            "round(m, 19)",
            9,
            "here stands a value of type integer, and it must be a whole number in digits, -18 to 18",
        ),
        ("hour(d)", 5, "here stands a value of type date, and it must be a timestamp"),
        ("year(s)", 5, "here stands a value of type string, and it must be a date or timestamp"),
        ("truncate('mont', d)", 9, f"here stands 'mont', and it must be one of {UNITS}"),
        ("truncate('hour', d)", 9, "a date has no hours: it is year, quarter, month, week, day"),
        ("add('second', d, 1)", 4, "a date has no seconds: it is year, quarter, month, week, day"),
        ("add('day', d, 1.5)", 14, "here stands a value of type decimal(2,1), and it must be a whole number"),
        ("matches(s, s)", 11, f"here stands a value of type string, {PATTERN}"),
        ("matches(s, '(?=a)')", 11, f"here stands '(?=a)', {PATTERN}"),
        ("extract(s, 'abc')", 11, "the regular expression has no group: put ( ) around what is wanted"),
        ("coalesce(i, s)", 0, "the types do not go together: integer, string"),
        ("sum(i)", 0, "sum(…) is of a group of rows: it stands in the step 'aggregate'"),
        ("[i for i in j]", 0, "'ListComp' is not of the language of expressions"),
        ("lambda: 1", 0, "'Lambda' is not of the language of expressions"),
        ("s[0]", 0, "'Subscript' is not of the language of expressions"),
        ("s.__class__", 0, "'Attribute' is not of the language of expressions"),
        ("f'{s}'", 0, "'JoinedStr' is not of the language of expressions"),
        ("(x := 1)", 1, "'NamedExpr' is not of the language of expressions"),
        ("__import__('os')", 0, None),
    ],
)
def test_what_is_wrong(text: str, column: int, problem: str | None) -> None:
    line, found, said = wrong(text)
    assert (line, found) == (0, column)
    assert said == problem or (problem is None and said.startswith("unknown function '__import__': "))


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        (
            "sum(i) + j",
            9,
            "'j' has a value for each row, and here rows are grouped: put it into a function such as sum or "
            "max, or into 'by'",
        ),
        ("sum(max(i))", 4, "max(…) stands within sum(…), and both are of a group"),
        ("sum(i) + sum(s)", 13, "here stands a value of type string, and it must be a number"),
        ("any_true(i)", 9, "here stands a value of type integer, and it must be true or false"),
        ("min(null)", 4, "here stands null, and it must be a value"),
    ],
)
def test_what_is_wrong_of_groups(text: str, column: int, problem: str) -> None:
    assert wrong(text, ("d",)) == (0, column, problem)
