"""One Protocol per file: what the use cases need of the world."""
