"""From the text of an expression to the tree of Python's grammar; from a node to its place in the text."""

from __future__ import annotations

import ast
import re
import warnings

from common.pipelines.expressions.typed import ExpressionError

LONGEST = 4000  # characters of an expression
QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
LINE_ENDS = re.compile(r"\r\n|\r|\n")  # of Python's grammar; str.splitlines() knows more
HINTS = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r"(?i)\bcase\b", "write 'a if condition else b'"),
        (r"(?i)\bbetween\b(?!\s*\()", "write '1 <= a <= 2'"),
        (r"(?i)\blike\b", "write contains(…), starts_with(…) or matches(…)"),
        (r"(?i)\bis\s+(not\s+)?null\b|\bIS\b", "write 'x is null' or 'x is not null'"),
        (r"(?<![=!<>])=(?!=)", "write '==' for equal"),
        (r"<>", "write '!=' for different"),
        (r"&&|\bAND\b", "write 'and'"),
        (r"\|\|", "write 'or', or concat(…) for texts"),
        (r"\bOR\b", "write 'or'"),
        (r"\bNOT\b|!(?!=)", "write 'not'"),
        (r"\bIN\b", "write 'in'"),
    )
)


def parsed(text: str) -> ast.expr:
    """The tree of an expression; its places are those of the text with a bracket before it.

    Raises:
        ExpressionError: It is empty, too long, or cannot be read.
    """
    if not text.strip():
        raise ExpressionError("the expression is empty", 0, 0)
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression has at most {LONGEST:,} characters", 0, 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" is read as it stands
            tree = ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _unreadable(text, error) from None
    if (tree.lineno, tree.col_offset) == (1, 0):  # it begins with our own bracket
        if isinstance(tree, ast.Tuple):
            raise ExpressionError("the expression cannot be read: one value is wanted", 0, 0)
        raise _unmatched(text)
    return tree


def spot(text: str, node: ast.expr) -> tuple[int, int]:
    """Line and column, both from 0, of a node in the text."""
    line = node.lineno - 1
    written = ("" if line else "(") + LINE_ENDS.split(text)[line]
    return line, len(written.encode()[: node.col_offset].decode()) - (line == 0)


def source(text: str, node: ast.expr) -> str:
    """What stands in the text for a node of one line."""
    line, column = spot(text, node)
    width = (node.end_col_offset or 0) - node.col_offset  # of a number, whose letters are bytes
    return LINE_ENDS.split(text)[line][column : column + width]


def _unreadable(text: str, error: BaseException) -> ExpressionError:
    if not isinstance(error, SyntaxError) or "\0" in text:
        deep = isinstance(error, RecursionError | MemoryError)
        what = "it is nested too deeply" if deep else "a letter is broken"
        return ExpressionError(f"the expression cannot be read: {what}", 0, 0)
    bare = _bare(text)
    for pattern, hint in HINTS:
        if found := pattern.search(bare):
            return _at(bare, found.start(), hint)
    lines = bare.split("\n")
    line, column = (error.lineno or 1) - 1, (error.offset or 1) - 1
    if line >= len(lines):  # it is not finished where it ends, or our own bracket was closed before
        return _unmatched(text) if "unmatched" in error.msg else _at(bare, len(bare), error.msg)
    column = min(column - (line == 0), len(lines[line]))
    return _at(bare, sum(len(one) + 1 for one in lines[:line]) + max(column, 0), error.msg)


def _unmatched(text: str) -> ExpressionError:
    bare, depth = _bare(text), 0
    for at, letter in enumerate(bare):
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0:
            return _at(bare, at, "this bracket closes none")
    return _at(bare, 0, "brackets do not match")


def _bare(text: str) -> str:
    """The text with its line ends as Python's, and without what stands in quotes."""
    return QUOTED.sub(lambda quoted: "x" * len(quoted[0]), LINE_ENDS.sub("\n", text))


def _at(bare: str, place: int, what: str) -> ExpressionError:
    line, column = bare.count("\n", 0, place), place - (bare.rfind("\n", 0, place) + 1)
    short = re.sub(r" \(detected at .*|\. (Perhaps|Maybe) .*", "", what)
    return ExpressionError(f"the expression cannot be read: {short}", line, column)
