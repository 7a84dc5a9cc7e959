"""A fleet for a month in minutes: real processes and real git, twins over HTTP, and time that is played."""
