"""The open issues of all repositories as work for agents, the most important first, as far as anybody reads on."""

from __future__ import annotations
