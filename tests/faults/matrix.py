"""The kill matrix of one store: every operation, killed and stopped at some boundaries of every kind."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from faults.child import Boundary
from faults.contents import DAYS, Content
from faults.processes import Processes
from faults.tally import INSTANT, Line, Tally, chosen
from faults.trial import Step, Trial

LONGEST = 0.3  # seconds after its start in which a load is killed at any instant


@dataclass(frozen=True)
class Effort:
    """How much of the matrix is run.

    Attributes:
        kills: Of each group of boundaries, in each operation.
        stops: The same for processes that are stopped.
        instants: Loads killed at any instant.
        scenarios: Those that are run.
    """

    kills: int
    stops: int
    instants: int
    scenarios: tuple[str, ...]


SHORT = Effort(1, 1, 1, ("load", "vacuum", "read"))


@dataclass(frozen=True)
class Scenario:
    """An operation to be killed and stopped.

    Attributes:
        step: Prepares the store for the next one and says which it is.
        rivals: What goes by while it is stopped, taken in turn.
        empty: Whether each one needs a store that holds nothing.
        killed: Whether it is killed too, not only stopped.
    """

    step: Callable[[Trial], Step]
    rivals: tuple[Callable[[Trial, Step, Line], None], ...] = ()
    empty: bool = False
    killed: bool = True


def load(trial: Trial, run: str = "") -> Step:
    """The next content, by a run of its own unless told otherwise."""
    trial.value += 1
    wanted = Content(trial.value, trial.content.months if trial.content else 0)
    return Step("load", {"run": run or f"run {trial.value}", "content": wanted}, wanted)


def vacuum(trial: Trial) -> Step:
    """Keeps only the live version, and takes every attempt for dead."""
    return Step("vacuum", {"keep": 1}, trial.content, new=0)


def _load(trial: Trial) -> Step:
    if trial.number % 5 == 4:
        trial.prepare(vacuum(trial))  # only so many versions to look through after each kill
    return load(trial)


def _first_load(trial: Trial) -> Step:
    trial.value = 1
    return Step("first_load", {"run": "run 1", "content": Content(1)}, Content(1))


def _rollback(trial: Trial) -> Step:
    if len(trial.watch.reader.collection.history()) < 2:
        trial.prepare(load(trial))
    to = trial.number - 1
    return Step("rollback", {"to": to}, trial.expected[to])


def _merge(trial: Trial) -> Step:
    value, months = trial.content or (0, 0)
    more = Content(value, months + 1)
    trial.prepare(Step("load_month", {"run": f"month {months}", "number": months}, more))
    return Step("merge", {}, more)


def _vacuum(trial: Trial) -> Step:
    trial.prepare(load(trial))
    trial.prepare(load(trial))
    dead = load(trial)
    trial.prepare(Step("stage", dead.arguments, trial.content, new=0))
    return vacuum(trial)


def _publish(trial: Trial) -> Step:
    step = load(trial)
    staged = trial.prepare(Step("stage", step.arguments, trial.content, new=0))
    arguments = {"run": step.arguments["run"], "staged": staged, "home": trial.processes.folder}
    return Step("publish", arguments, step.wanted)


def _schema(trial: Trial) -> Step:
    trial.contract += 1
    return Step("ensure", {"number": trial.contract}, trial.content, new=0)


def _read(trial: Trial) -> Step:
    return Step("read", {"version": trial.number}, trial.content, new=0)


def _same_run(trial: Trial, step: Step, line: Line) -> None:
    """The run is started again elsewhere, and its source has been corrected since."""
    trial.do(load(trial, step.arguments["run"]), line)


def _other_run(trial: Trial, _: Step, line: Line) -> None:
    trial.do(load(trial), line)


def _abandoned(trial: Trial, _: Step, line: Line) -> None:
    """A vacuum takes it for dead, and another run publishes the same days."""
    trial.do(vacuum(trial), line)
    trial.do(load(trial), line)


def _overtaken(trial: Trial, _: Step, line: Line) -> None:
    """Another version is published, and all before it are retired."""
    trial.do(load(trial), line)
    trial.do(vacuum(trial), line)


def _other_merge(trial: Trial, _: Step, line: Line) -> None:
    live = trial.watch.reader.collection.live()
    old = [] if live is None else [name for name in live.manifest if name < str(DAYS[0])]
    due = any(len(partition) == len("2019-01-31") for partition in old)
    trial.do(Step("merge", {}, trial.content, new=int(due)), line)


def _unmerged(trial: Trial, _: Step, line: Line) -> None:
    """A roll-back takes the month away again."""
    to = trial.number - 1
    wanted = trial.expected[to]
    trial.do(Step("rollback", {"to": to}, wanted, new=int(wanted != trial.content)), line)


def _newer_contract(trial: Trial, _: Step, line: Line) -> None:
    trial.do(_schema(trial), line)


SCENARIOS = {
    "load": Scenario(_load, (_same_run, _other_run, _abandoned)),
    "first load": Scenario(_first_load, empty=True),
    "publish": Scenario(_publish),
    "roll-back": Scenario(_rollback, (_overtaken,)),
    "merge": Scenario(_merge, (_other_merge, _unmerged)),
    "vacuum": Scenario(_vacuum, (_overtaken,)),
    "schema": Scenario(_schema, (_newer_contract,)),
    "read": Scenario(_read, (_overtaken,), killed=False),
}
FULL = Effort(9, 3, 12, tuple(SCENARIOS))


class Matrix:
    """Runs scenarios on stores of one kind.

    Args:
        processes: Starts the processes.
        empty_store: Gives the URL of a new one.
        effort: How much.
        mistake: A rule that all processes break; for the tests of the matrix itself.
    """

    def __init__(
        self, processes: Processes, empty_store: Callable[[], str], effort: Effort, mistake: str = ""
    ) -> None:
        self.processes, self.empty_store, self.effort, self.mistake = processes, empty_store, effort, mistake
        self.tally = Tally()

    def run(self, name: str) -> None:
        """One scenario; what it finds is added to the tally."""
        scenario = SCENARIOS[name]
        if scenario.empty:
            self._run_on_empty_stores(scenario)
            return
        with self._trial() as trial:
            trial.prepare(_first_load(trial))
            passed = self._rehearsed(trial, scenario)
            self.tally.boundaries += len(passed)
            if scenario.killed:
                for stop in self._unseen(chosen(passed, self.effort.kills)):
                    trial.kill(scenario.step(trial), stop)
            if name == "load":
                self._kill_at_any_instant(trial)
            self._stop(trial, scenario, passed)
            self._end(trial)

    def _unseen(self, stops: Iterable[Boundary]) -> Iterator[Boundary]:
        """All of them; where a rule is broken, only until that was seen."""
        for stop in stops:
            if self.mistake and self.tally.faults:
                return
            yield stop

    def _rehearsed(self, trial: Trial, scenario: Scenario) -> list[Boundary]:
        """The boundaries of the operation, which is carried out for that, in both of its modes."""
        return list(dict.fromkeys(one for _ in range(2) for one in trial.do(scenario.step(trial)).passed))

    def _run_on_empty_stores(self, scenario: Scenario) -> None:
        with self._trial() as trial:
            passed = trial.do(scenario.step(trial)).passed
        self.tally.boundaries += len(passed)
        for stop in self._unseen(chosen(passed, self.effort.kills // 4)):
            with self._trial() as trial:
                trial.kill(scenario.step(trial), stop)
                self._end(trial)

    def _kill_at_any_instant(self, trial: Trial) -> None:
        dice = random.Random(7)
        for _ in range(self.effort.instants):
            trial.kill_after(_load(trial), dice.uniform(0, LONGEST))

    def _stop(self, trial: Trial, scenario: Scenario, passed: Sequence[Boundary]) -> None:
        found = [one for one in passed if not one.locked]
        begun = next((n for n, one in enumerate(found) if str(one) == "stage: after 1 of swap 1"), 0)
        stops = chosen(found[begun:], self.effort.stops)  # before that nothing can be stale
        for turn, stop in enumerate(self._unseen(stops if scenario.rivals else ())):
            trial.stop(scenario.step(trial), stop, scenario.rivals[turn % len(scenario.rivals)])

    def _end(self, trial: Trial) -> None:
        line = self.tally.lines[INSTANT]
        if trial.contract:
            trial.demand_newest(line)
        trial.demand_tidy(line)
        trial.end(line)

    def _trial(self) -> Trial:
        return Trial(self.processes, self.empty_store(), self.tally, self.mistake)
