"""A fleet on a virtual clock: repositories with findings, an agent, a host and a scanner, all played from one seed."""
