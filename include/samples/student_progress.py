"""The sample of the subject ``student_progress``: the exports of the school."""

from samples.school import VARIABLES, files

__all__ = ["VARIABLES", "files"]
