"""The operator's registry: the file `repo_registry.json`, its format and its schema."""
