"""The sample of the subject ``course_analytics``: the exports of the school."""

from samples.school import VARIABLES, files

__all__ = ["VARIABLES", "files"]
