"""The local agent: fixes code on this machine, by codemods or by a coding agent that the operator names."""
