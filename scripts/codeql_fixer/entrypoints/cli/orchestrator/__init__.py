"""`orchestrator`: one module per verb."""
