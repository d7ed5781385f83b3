"""What our own processes do without."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["do_without_pandas"]

_LOGS: Final = {"structlog.tracebacks": "ExceptionDictTransformer", "structlog.dev": "ConsoleRenderer"}
"""Modules of the logs that read rich where there is any, and what each has once it has been read."""


class _Without:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas" or (name == "rich" and _logs_are_being_read()):
            raise ModuleNotFoundError(f"this process does without {name}", name=name)


def _logs_are_being_read() -> bool:
    return any(name in sys.modules and not hasattr(sys.modules[name], last) for name, last in _LOGS.items())


def do_without_pandas() -> None:
    """Let this process know no pandas, which nothing of ours uses, and its logs no rich.

    Wherever it is installed, by whatever else needs it, pyarrow reads pandas before its first array: half a second and
    more in every process. The logs would read rich for tracebacks with the values of variables, which we never show:
    half of the time that reading them takes. To be called before that, by a process of our own only.
    """
    if _Without not in sys.meta_path:
        sys.meta_path.insert(0, _Without)
