"""Messages between parts of the system that are not events: nothing has happened to a pupil, nothing is kept."""

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["ViewChanged"]


class ViewChanged(BaseModel):
    """The live view has moved on."""

    model_config = ConfigDict(frozen=True)

    position: int = Field(ge=0)
    """The ledger's sequence up to which events are in."""
    recorded_until: int
    """The newest recorded time seen, in microseconds since 1970-01-01T00:00Z."""
