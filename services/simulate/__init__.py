"""A plausible national history of the school closures, simulated: see docs/simulation.md."""

from services.simulate.history import Plan, blocks, plan_for, simulate

__all__ = ["Plan", "blocks", "plan_for", "simulate"]
