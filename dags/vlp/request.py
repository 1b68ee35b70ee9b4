"""What a DAG run asks for: from Airflow's context to the frozen :class:`common.verbs.references.Run`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from common.utils.errors import SettingsError
from common.utils.window import Window
from common.verbs.references import Run

if TYPE_CHECKING:
    from airflow.sdk import Context


def run_of(context: Context) -> Run:
    """The run that a task belongs to.

    A run counts as scheduled unless a person chose what it answers for: by a window, a full refresh or a
    back-fill. A bare trigger is the next scheduled run come early: with its lookback, and stopped by a hold.

    Raises:
        SettingsError: The window of the trigger form is wrong.
    """
    dag_run, params = context["dag_run"], context["params"]
    by_asset = dag_run.run_type == "asset_triggered"  # what came with the event is of now, not of yesterday
    interval = (None, None) if by_asset else (dag_run.data_interval_start, dag_run.data_interval_end)
    return Run(
        id=dag_run.run_id,
        window=window_of(params, *interval, dag_run.run_after, until_now=by_asset),
        full_refresh=params["full_refresh"],
        dry_run=params["dry_run"],
        scheduled=dag_run.run_type != "backfill" and not (params["window_start"] or params["full_refresh"]),
    )


def window_of(
    params: Mapping[str, Any],
    start: datetime | None,
    end: datetime | None,
    run_after: datetime,
    *,
    until_now: bool = False,
) -> Window:
    """The window a run answers for: the form's, else the schedule's interval, else a day.

    Args:
        params: ``window_start`` and ``window_end``, ISO dates or times; without a zone they are UTC.
        start: Of the data interval; ``None`` in a run without a logical date.
        end: Of the data interval.
        run_after: When the run was asked for; "the last whole day" is the UTC day before.
        until_now: A run without an interval answers for the day that goes on, up to when it was asked for.

    Raises:
        SettingsError: One bound without the other, no ISO time, or a window that holds nothing.
    """
    given: dict[str, Any] = {name: params.get(name) for name in ("window_start", "window_end")}
    if all(given.values()):
        return Window(*(_moment(name, text) for name, text in given.items()))
    if any(given.values()):
        missing = next(name for name, text in given.items() if not text)
        raise SettingsError(
            f"The run was given one bound of its window and no {missing}.",
            where="the parameters of the run",
            next_step="Give both bounds, or neither for the interval of the schedule.",
        )
    if start is not None and end is not None:
        return Window(start.astimezone(UTC), end.astimezone(UTC))
    now = run_after.astimezone(UTC)
    midnight = datetime.combine(now.date(), time(), tzinfo=UTC)
    if until_now and now > midnight:
        return Window(midnight, now)
    return Window(midnight - timedelta(days=1), midnight)


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{name} is '{text}', which is no date or time.",
            where="the parameters of the run",
            next_step="Write it as 2026-01-31 or 2026-01-31T12:00:00Z.",
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
