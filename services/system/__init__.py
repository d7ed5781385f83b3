"""One data directory is one system: its files, its lock, its settings, its clock, and how a command finds it."""

from services.system.clock import Clock
from services.system.data_dir import DataDir
from services.system.errors import CommandError, Finding, SystemUnavailable, WrongUsage
from services.system.record import SystemRecord, find_system, place_of, view_of
from services.system.settings import Settings

__all__ = [
    "Clock",
    "CommandError",
    "DataDir",
    "Finding",
    "Settings",
    "SystemRecord",
    "SystemUnavailable",
    "WrongUsage",
    "find_system",
    "place_of",
    "view_of",
]
