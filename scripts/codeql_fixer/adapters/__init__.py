"""Everything that touches the world: files, scanners, services."""
