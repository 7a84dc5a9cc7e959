"""Stand-ins of the services that we talk to, which obey their published contracts."""
