"""Indexes in SQL: SQLite by default, Postgres for a fleet."""
