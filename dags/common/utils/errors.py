"""The errors a user reads: what was wrong, where, and what to do next."""

from collections.abc import Iterable
from difflib import get_close_matches


class VitrineError(Exception):
    """Base of every error that Vitrine raises on purpose.

    Args:
        what: What was wrong, in one sentence.
        where: File, line, field, collection: the nearest place a reader can look at.
        next_step: What to do about it.
    """

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        self.what, self.where, self.next_step = what, where, next_step
        parts = [what, f"Where: {where}." if where else "", f"Next: {next_step}" if next_step else ""]
        super().__init__(" ".join(part for part in parts if part))


class SettingsError(VitrineError):
    """A setting in the environment is missing or wrong."""


class SourceError(VitrineError):
    """A source cannot be read as it was configured."""


class ContractError(VitrineError):
    """A contract file is wrong, or data or a store does not fit it."""


class ValidationFailed(VitrineError):
    """A required rule of the contract is broken: nothing may be published."""


class StaleError(VitrineError):
    """Another run has computed the same days since: what this one computed must not replace it."""


class LedgerError(VitrineError):
    """A ledger does not balance: nothing may be published."""


def first_line(error: BaseException) -> str:
    """What a library says, without what follows: places in its code, or SQL, in which values may stand."""
    return str(error).partition("\n")[0]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Ends an error about a wrong name: with the nearest right one, or all there are where none is near."""
    names = sorted(known)
    by_letters = {right.lower(): right for right in names}
    near = get_close_matches(name.lower(), by_letters, n=1)
    return f"did you mean '{by_letters[near[0]]}'?" if near else f"known: {', '.join(names) or 'none'}."
