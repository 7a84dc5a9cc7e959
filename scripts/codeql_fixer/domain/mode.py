"""Mode: how far a run goes."""

from enum import StrEnum


class Mode(StrEnum):
    """What happens after the batches are made (docs/reference/options.md)."""

    DRY_RUN = "dry-run"
    BASIC = "basic"
    ORCHESTRATOR = "orchestrator"
