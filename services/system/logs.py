"""Structured logs on standard error: JSON lines for machines, readable lines for a person at a terminal.

Nothing about a person is logged: no event, no `data`, no id of an event, no pseudonym. Log what happened and to how
many (`log.info("import ended", read=…, new=…)`).
"""

from __future__ import annotations

import logging
import sys

import structlog

from services.system.settings import Settings


def configure_logging(settings: Settings | None = None) -> None:
    """Set up structlog, and standard logging of libraries through it, for this process."""
    settings = settings if settings is not None else Settings.from_environment()
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)  # no values of variables
        if console
        else structlog.processors.JSONRenderer()
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    quieten_tls()
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries log whole messages at lower levels; only their warnings are ours to show.
    root.setLevel(max(level, logging.WARNING))


def quieten_tls() -> None:
    """Leave out what asyncio warns of each time that the other side ends a connection by TLS: it means nothing.

    It would stand on standard error of whoever has not set logging up, as commands.
    """
    logging.getLogger("asyncio").addFilter(_tells_something)


def _tells_something(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith("returning true from eof_received()")
