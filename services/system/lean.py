"""What our own processes do without."""

from __future__ import annotations

import sys

__all__ = ["do_without_pandas"]


class _NoPandas:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("this process does without pandas", name=name)


def do_without_pandas() -> None:
    """Let this process know no pandas, which nothing of ours uses.

    Wherever it is installed, by whatever else needs it, pyarrow reads it before its first array: half a second and more
    in every process. To be called before that, by a process of our own only.
    """
    if _NoPandas not in sys.meta_path:
        sys.meta_path.insert(0, _NoPandas)
