"""Validate: gold is judged by its contract, and the verdict is written down before it takes effect."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pyarrow as pa

from common.io import dead_letters, lake, reports
from common.utils.contract import Contract
from common.utils.errors import ValidationFailed
from common.utils.expectations import RuleResult, judge
from common.utils.ledger import Ledger
from common.utils.settings import Settings
from common.verbs.continuity import SETTLED
from common.verbs.references import READ, Run, Transformed, Validated
from common.verbs.spans import gold_days
from common.verbs.subject import Subject

log = logging.getLogger(__name__)

LEVELS = {"failed": logging.ERROR, "warned": logging.WARNING, "noted": logging.INFO, "passed": logging.INFO}
REASONS = 3  # of rejected records, that a message names


def validate(contract: Contract, settings: Settings, transformed: Transformed) -> Validated:
    """Judges the run's gold and its ledger; writes the report, also of a run that fails.

    Raises:
        LedgerError: The ledger does not balance.
        ValidationFailed: Naming each required rule that is broken, what was observed, and the report.
        ContractError: A rule of the contract cannot be judged.
    """
    run = transformed.run
    letters = dead_letters.table_uri(settings, contract.domain, contract.subject, dry_run=run.dry_run)
    gold = _gold(contract, transformed)
    known = _known_before(contract, settings, run) if transformed.ledger.rejected else 0
    results = (
        _ledger_balance(transformed.ledger),
        *([] if run.replay else [_rejected_share(contract, transformed.ledger, known)]),
        *_latency(contract, transformed, datetime.now(UTC)),
        *judge(contract, gold),
    )
    validation = reports.Validation(contract, transformed, gold.num_rows, results, letters, datetime.now(UTC))
    page = reports.write_validation(settings, validation)
    reports.record(settings, contract.name, run.id, ledger=transformed.ledger, report=str(page))
    _log(validation, page.as_uri())
    where = f"{contract.name}, run {run.id}, window {transformed.window or READ}"
    transformed.ledger.demand_balance(where)
    _demand_passed(validation, where, str(page))
    return Validated(
        transformed,
        passed=tuple(result.name for result in results if result.status == "passed"),
        warned=tuple(result.name for result in results if result.status == "warned"),
        report=str(page),
    )


def _gold(contract: Contract, transformed: Transformed) -> pa.Table:
    """All rows of the partitions that the run answers for."""
    days = gold_days(contract, transformed.partitions)
    if days is None or transformed.gold.version < 0:
        return contract.schema.empty_table()
    return lake.read(transformed.gold, days)


def _ledger_balance(ledger: Ledger) -> RuleResult:
    imbalances = ledger.imbalances()
    return RuleResult(
        name="ledger_balance",
        expectation="every record read is accounted for, and silver's totals are gold's",
        on_failure="fail",
        passed=not imbalances,
        observed="; ".join(imbalances) or str(ledger),
        description="No record was lost or counted twice on the way from the source to gold.",
    )


def _known_before(contract: Contract, settings: Settings, run: Run) -> int:
    """Dead letters of records that a published run rejected before: reading them again says nothing new.

    A source that is read on from a bookmark gives its last record again each time.
    """

    def published(other: str) -> bool:
        record = reports.read(settings, contract.name, other)
        return record is not None and record.state in SETTLED

    found = 0
    for intake in Subject.of(contract).intakes():
        letters = dead_letters.table_uri(settings, intake.domain, intake.name, dry_run=run.dry_run)
        with lake.connect(settings) as duck:
            found += dead_letters.repeated(duck, letters, run.id, published)
    return found


def _rejected_share(contract: Contract, ledger: Ledger, known: int) -> RuleResult:
    rejected = sum(ledger.rejected.values())
    share = (rejected - known) / ledger.read if ledger.read else 0.0
    most = sorted(((count, reason) for reason, count in ledger.rejected.items() if count), reverse=True)[
        :REASONS
    ]
    reasons = ", ".join(f"{reason} {count:,}" for count, reason in most)
    return RuleResult(
        name="rejected_share",
        expectation=f"at most {contract.max_rejected:.3%} of the records read are rejected",
        on_failure="fail",
        passed=share <= contract.max_rejected,
        observed=f"{rejected:,} of {ledger.read:,} records rejected ({ledger.rejected_share:.2%}, "
        f"allowed {contract.max_rejected:.2%})"
        + (f"; {known:,} of them in a published run before" if known else "")
        + (f"; most for: {reasons}" if reasons else ""),
        unexpected_count=rejected,
        unexpected_share=ledger.rejected_share,
        description="Records that cannot be typed become dead letters; many of them mean a broken source.",
    )


def _latency(contract: Contract, transformed: Transformed, now: datetime) -> list[RuleResult]:
    """Whether the newest record is young enough, where the contract asks; not of a window of the past."""
    if contract.latency is None or not transformed.run.scheduled or transformed.run.replay:
        return []
    newest = datetime.fromisoformat(transformed.watermark) if transformed.watermark else None
    hours = contract.latency.total_seconds() / 3600
    return [
        RuleResult(
            name="latency",
            expectation=f"the newest record is at most {hours:g} hours old",
            on_failure=contract.on_late,
            passed=newest is not None and now - newest <= contract.latency,
            observed=f"{(now - newest).total_seconds() / 3600:.1f} hours old"
            if newest
            else "no record with a time",
            description="A source that has stood still gives nothing new, and nothing wrong either.",
        )
    ]


def _log(validation: reports.Validation, page: str) -> None:
    """One line a rule, the worst marked as such, then the verdict and where to read more."""
    for result in validation.results:
        examples = (
            f"; such as: {' | '.join(result.examples)}" if result.examples and not result.passed else ""
        )
        log.log(
            LEVELS[result.status], "rule %s %s: %s%s", result.name, result.status, result.observed, examples
        )
    level = LEVELS[validation.verdict]
    log.log(
        level,
        "validation %s: %d rules on %d rows; report: %s",
        validation.verdict,
        len(validation.results),
        validation.rows,
        page,
    )


def _demand_passed(validation: reports.Validation, where: str, page: str) -> None:
    """Raises ValidationFailed where a required rule is broken."""
    failed = [result for result in validation.results if result.status == "failed"]
    if not failed:
        return
    told = "; ".join(
        f"{one.name}: {one.observed}" + (f", such as {one.examples[0]}" if one.examples else "")
        for one in failed
    )
    share = any(one.name == "rejected_share" for one in failed)
    letters = f"The rejected records are in {validation.dead_letters}. " if share else ""
    raise ValidationFailed(
        f"{validation.contract.name} breaks {len(failed)} required rule{'s' * (len(failed) > 1)}: {told}.",
        where=where,
        next_step=f"Nothing was published. The report is {page}. {letters}"
        "Correct the source or the contract, then run again from extract.",
    )
