"""Local scanners, run as programs of their own: offline, within a time limit, without our secrets."""
