"""Pure rules: facts in, decisions with reasons out. Nothing here reads a file, a clock or the network."""
