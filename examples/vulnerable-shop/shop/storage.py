"""What the shop keeps: one SQLite database and one folder of files beside it."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS products (sku TEXT PRIMARY KEY, name TEXT, price REAL);
CREATE TABLE IF NOT EXISTS customers (email TEXT PRIMARY KEY, password TEXT, reset_token TEXT);
CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, email TEXT, is_admin INTEGER);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, email TEXT, sku TEXT, quantity INTEGER, total REAL, month TEXT
);
"""
FOLDERS = ("invoices", "pictures", "reports")


@dataclass(frozen=True)
class Shop:
    """An open shop; every view receives it."""

    database: sqlite3.Connection
    files: Path


def open_shop(folder: Path) -> Shop:
    """Open the shop that lives in `folder`, and set it up on first use."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(folder / "shop.db")
    database.row_factory = sqlite3.Row
    database.executescript(SCHEMA)
    return Shop(database=database, files=folder)
