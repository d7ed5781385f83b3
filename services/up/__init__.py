"""The whole system on one machine, from one data directory."""

from services.up.running import System

__all__ = ["System"]
