"""The house stands as its architecture page says: who imports whom, how large modules are, what is documented."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"events", "projections", "services", "deploy", "tests"}
MAY_IMPORT = {
    "events": set(),
    "projections": {"events"},
    "deploy": {"events"},
    "services": {"events", "projections", "deploy"},
}
SETS_UP = (
    *("services/system/", "services/up/", "services/ledger/", "services/cli/", "services/bench/"),
    "services/erasure/",
)
"""What in services may import deploy: the set-up of a system, and how a ledger is reached."""


def modules(folder: str) -> Iterator[Path]:
    return (path for path in sorted((ROOT / folder).rglob("*.py")))


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found & OURS


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_data_flows_one_way(folder: str) -> None:
    for path in modules(folder):
        beyond = imported(path) - {folder} - MAY_IMPORT[folder]
        assert not beyond, f"{path.relative_to(ROOT)} imports {beyond}"


def test_only_the_set_up_imports_deploy() -> None:
    for path in modules("services"):
        place = str(path.relative_to(ROOT))
        assert "deploy" not in imported(path) or place.startswith(SETS_UP), f"{place} imports deploy"


def test_the_fold_and_the_query_do_not_know_each_other() -> None:
    for one, other in (("evaluation", "fold"), ("evaluation", "live"), ("fold", "evaluation"), ("live", "evaluation")):
        paths = list((ROOT / "projections" / one).rglob("*.py"))
        assert paths
        for path in paths:
            assert f"projections.{other}" not in path.read_text("utf-8"), f"{path.name} uses {other}"


def test_modules_are_small() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for folder in MAY_IMPORT
        for path in modules(folder)
    }
    assert {place: length for place, length in lengths.items() if length > 255 and "texts" not in place} == {}


def test_every_setting_is_documented() -> None:
    from services.system import Settings

    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    for setting in Settings.described():
        assert f"| `{setting.variable}` |" in page, f"{setting.variable} is not in docs/operations.md"


def test_every_command_and_option_is_documented() -> None:
    import typer
    from typer.main import get_command

    from services.cli import make_app

    page = (ROOT / "docs" / "operations.md").read_text("utf-8")

    def hold(command: Any, words: str) -> None:
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option not in ("--help",):
                    assert option in page, f"{words} {option} is not in docs/operations.md"
        context = typer.Context(command)
        for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
            # A group's commands stand side by side: `access create …`, `access list …`; `contract schema|asyncapi`.
            found = re.search(rf"^### .*{words}\b.*[ |]{name}\b", page, re.MULTILINE)
            assert found, f"the command {words} {name} is not in docs/operations.md"
            hold(command.get_command(context, name), f"{words} {name}")

    hold(get_command(make_app()), "kindinbeeld")


def test_every_metric_of_a_desk_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    named = set(re.findall(r"# TYPE (\w+)", (ROOT / "services" / "desks" / "health.py").read_text("utf-8")))
    assert named
    assert named == set(re.findall(r"`(kib_desk_\w+)`", page))


def test_every_metric_of_the_pages_is_documented() -> None:
    from services.archive.measuring import MEANINGS as OF_THE_ARCHIVE
    from services.view.measuring import MEANINGS as OF_THE_VIEW
    from services.web.machine import MEANINGS as OF_THE_MACHINE
    from services.web.metrics import MEANINGS

    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    ours = set(MEANINGS) | set(OF_THE_VIEW) | set(OF_THE_ARCHIVE) | set(OF_THE_MACHINE)
    assert ours == set(re.findall(r"`(kib_(?!desk_)\w+)`", page))


def test_help_does_not_wait_for_large_libraries() -> None:
    """The command line answers before numpy, DuckDB or the server's library are read."""
    code = "import sys, services.cli; services.cli.make_app(); print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"duckdb", "numpy", "pyarrow", "nats", "faststream", "uvicorn"} & set(loaded) == set()


def test_a_command_does_not_wait_for_the_others() -> None:
    code = "import sys\ntry:\n    from services.cli import main; main()\nfinally:\n    print(*sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code, "import", "--help"], capture_output=True, text=True)
    assert "import [OPTIONS]" in asked.stdout, asked.stderr
    read = {name for name in asked.stdout.split() if name.startswith("services.cli.")}
    assert "services.cli.import_" in read
    assert {"services.cli.up", "services.cli.bench", "services.cli.report"} & read == set()
    for arguments in (["--help"], ["none"], []):  # whoever asks for no command gets all of them
        asked = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
        assert {"services.cli.up", "services.cli.import_", "services.cli.bench"} <= set(asked.stdout.split())


def test_a_command_does_not_wait_for_pandas(tmp_path: Path) -> None:
    """Wherever that is installed, pyarrow reads it before its first array."""
    (tmp_path / "none.ndjson").touch()
    code = "import sys\ntry:\n    from services.cli import main; main()\nfinally:\n    print(*sys.modules)"
    arguments = [sys.executable, "-c", code, "evaluate", str(tmp_path / "none.ndjson")]
    loaded = subprocess.run(arguments, capture_output=True, text=True).stdout.split()
    assert {"pandas", "pyarrow"} & set(loaded) == {"pyarrow"}


def test_a_desk_reads_nothing_of_the_projections_but_the_register() -> None:
    code = "import sys, services.desks.app; print(' '.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    read = {name for name in loaded if name.startswith("projections.")}
    register = {name for name in read if name.startswith("projections.register")}
    assert read - register <= {"projections.tables"}  # the tables: names of columns, by the page's texts


def test_links_in_the_documentation_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if not target.startswith(("http:", "https:", "mailto:")):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"
