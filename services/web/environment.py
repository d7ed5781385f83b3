"""The templates, and the static files with the address that changes with them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

__all__ = ["BUILD", "STATIC", "render"]

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
BUILD: Final = sha256(b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))).hexdigest()[:12]
"""What the static files are, in their address: they may be kept for ever, and another build has another address."""

_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, context: dict[str, Any] | None = None, **more: Any) -> str:
    """Render a template of this package."""
    return _ENVIRONMENT.get_template(template).render(context or {}, **more)
