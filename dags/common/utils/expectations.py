"""Judges a table by its contract: its shape here, rules here or through Great Expectations.

Great Expectations is imported where a table is judged and nowhere else: it takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

from common.utils.contract import Contract, OnFailure, Rule
from common.utils.errors import ContractError
from common.utils.native_rules import Verdict, judge_natively
from common.utils.suite import expectations, great_expectations

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult

Status = Literal["passed", "noted", "warned", "failed"]
STATUS: dict[OnFailure, Status] = {"fail": "failed", "warn": "warned", "continue": "noted"}
EXAMPLES = 5
LONGEST_VALUE = 80  # characters of a value in an example


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule found.

    Attributes:
        observed: What was found, in words.
        unexpected_count: Rows that break the rule; 0 for rules about the table as a whole.
        unexpected_share: The same as a share of the rows that the rule looks at, 0 to 1.
        examples: A few of the rows that break it, by key and the columns concerned.
    """

    name: str
    expectation: str
    on_failure: OnFailure
    passed: bool
    observed: str
    unexpected_count: int = 0
    unexpected_share: float = 0.0
    examples: tuple[str, ...] = ()
    description: str = ""

    @property
    def status(self) -> Status:
        """What the result means for the run: only ``failed`` stops it."""
        return "passed" if self.passed else STATUS[self.on_failure]


def judge(contract: Contract, table: pa.Table) -> list[RuleResult]:
    """The result of each rule, first of the built-in rule ``schema``; no row breaks no rule.

    Where names or types differ, ``schema`` stands alone: the other rules presuppose them.

    Raises:
        ContractError: A rule is one that Great Expectations does not have, or cannot be judged.
    """
    shape = _differences(contract, table.schema)
    schema = _schema_result(contract, table, shape)
    if shape:
        return [schema]
    if table.num_rows == 0 or not contract.rules:
        return [schema, *(_result(rule, passed=True, observed="no rows") for rule in contract.rules)]
    return [schema, *_judged(contract, table, complete=schema.passed)]


def _differences(contract: Contract, schema: pa.Schema) -> list[str]:
    """Where names and types differ from the contract; the order of columns does not matter."""
    wanted = {field.name: field.type for field in contract.schema}
    found = {field.name: field.type for field in schema}
    return [
        *(f"{name} is missing" for name in wanted if name not in found),
        *(f"{name} is not in the contract" for name in found if name not in wanted),
        *(
            f"{name} is {found[name]} instead of {kind}"
            for name, kind in wanted.items()
            if name in found and found[name] != kind
        ),
    ]


def _schema_result(contract: Contract, table: pa.Table, shape: Sequence[str]) -> RuleResult:
    """Names, types, and nothing null that is required."""
    required = [
        field.name for field in contract.fields if field.required and field.name in table.column_names
    ]
    nulls = {name: table.column(name).null_count for name in required if table.column(name).null_count}
    problems = [*shape, *(f"{name} is required and null in {count:,} rows" for name, count in nulls.items())]
    worst = max(nulls.values(), default=0)
    return RuleResult(
        name="schema",
        expectation="columns and types are the contract's, required columns are never null",
        on_failure="fail",
        passed=not problems,
        observed="; ".join(problems)
        or f"{len(contract.fields)} columns in {table.num_rows:,} rows as agreed",
        unexpected_count=worst,
        unexpected_share=worst / max(table.num_rows, 1),
        description="Columns and types are those of the contract; required columns are never null.",
    )


def _judged(contract: Contract, table: pa.Table, *, complete: bool) -> Iterator[RuleResult]:
    """The results of the contract's rules, in its order."""
    verdicts = {rule.name: judge_natively(contract, table, rule) for rule in contract.rules}
    others = tuple(rule for rule in contract.rules if verdicts[rule.name] is None)
    rest: dict[str, RuleResult] = {}
    if others:
        found = _by_great_expectations(replace(contract, rules=others), table, complete=complete)
        rest = {result.name: result for result in found}
    for rule in contract.rules:
        verdict = verdicts[rule.name]
        yield rest[rule.name] if verdict is None else _of_verdict(contract, table, rule, verdict)


def _of_verdict(contract: Contract, table: pa.Table, rule: Rule, verdict: Verdict) -> RuleResult:
    if verdict.unexpected is None:
        return _result(rule, passed=verdict.passed, observed=verdict.observed)
    rows = pc.indices_nonzero(verdict.unexpected)
    share = len(rows) / verdict.judged if verdict.judged else 0.0
    some = [int(row) for row in rows[:EXAMPLES].to_numpy()]
    return _of_rows(contract, table, rule, some, (verdict.passed, len(rows), share))


def _by_great_expectations(contract: Contract, table: pa.Table, *, complete: bool) -> Iterator[RuleResult]:
    """The same, each by Great Expectations.

    Args:
        contract: Whose rules are judged.
        table: At least one row, in the contract's schema.
        complete: Nothing required is null; a rule that cannot be judged is then itself wrong.
    """
    gx = great_expectations()
    suite = gx.ExpectationSuite(contract.subject, expectations=expectations(contract))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("gold").add_dataframe_asset(contract.subject)
    batch = asset.add_batch_definition_whole_dataframe("run").get_batch({"dataframe": _frame(table)})
    # Only SUMMARY tells where the unexpected rows stand; asking for their keys costs minutes on a million.
    verdict = batch.validate(
        suite, result_format={"result_format": "SUMMARY", "partial_unexpected_count": EXAMPLES}
    )
    by_rule = {result.expectation_config.meta["rule"]: result for result in verdict.results}
    for rule in contract.rules:
        outcome = by_rule[rule.name]
        if error := _exception(outcome):
            if complete:
                raise ContractError(f"The rule {rule.name} cannot be judged: {error}", where=contract.name)
            yield _result(rule, passed=False, observed=f"cannot be judged: {error}")
        else:
            yield _told(contract, table, rule, outcome)


def _told(
    contract: Contract, table: pa.Table, rule: Rule, outcome: ExpectationValidationResult
) -> RuleResult:
    """One result of Great Expectations in our words."""
    found = outcome.result
    if "unexpected_count" not in found:
        return _result(rule, passed=bool(outcome.success), observed=f"observed {found.get('observed_value')}")
    count, share = int(found["unexpected_count"]), float(found["unexpected_percent"] or 0) / 100
    rows = found.get("partial_unexpected_index_list") or []
    return _of_rows(contract, table, rule, rows, (bool(outcome.success), count, share))


def _of_rows(
    contract: Contract, table: pa.Table, rule: Rule, rows: Sequence[int], told: tuple[bool, int, float]
) -> RuleResult:
    """The result of a rule about rows.

    Args:
        contract: Whose rule it is.
        table: That was judged.
        rule: The rule.
        rows: A few that break it.
        told: Whether it is kept; how many rows break it; their share of those that it looks at.
    """
    passed, count, share = told
    return RuleResult(
        name=rule.name,
        expectation=rule.expectation,
        on_failure=rule.on_failure,
        passed=passed,
        observed=f"{count:,} of {table.num_rows:,} rows unexpected"
        + (f" ({100 * share:.3g} %)" if count else ""),
        unexpected_count=count,
        unexpected_share=share,
        examples=_examples(contract, table, rule, rows),
        description=rule.description,
    )


def _result(rule: Rule, *, passed: bool, observed: str) -> RuleResult:
    """The result of a rule that says nothing of single rows."""
    return RuleResult(
        rule.name, rule.expectation, rule.on_failure, passed, observed, description=rule.description
    )


def _examples(contract: Contract, table: pa.Table, rule: Rule, rows: Sequence[int]) -> tuple[str, ...]:
    """Rows at these positions in words: the key, and the columns that the rule is about."""
    columns = list(dict.fromkeys([*contract.key, *rule.columns]))
    found = table.select(columns).take(pa.array(rows[:EXAMPLES], pa.int64())).to_pylist()
    return tuple(", ".join(f"{name} {_shown(value)}" for name, value in row.items()) for row in found)


def _shown(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _exception(outcome: ExpectationValidationResult) -> str:
    """What Great Expectations stumbled over, if anything; it keeps it for the rule or for each metric."""
    info = outcome.exception_info or {}
    each = [info] if "raised_exception" in info else list(info.values())
    return "; ".join(sorted({str(one["exception_message"]) for one in each if one["raised_exception"]}))


def _frame(table: pa.Table) -> pd.DataFrame:
    """The table for Great Expectations, every value as it is: decimals stay decimals, integers integers."""
    import pandas as pd  # noqa: PLC0415

    nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    columns = {
        name: column.to_pandas(types_mapper=nullable.get if column.null_count else None)
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return pd.DataFrame(columns)
