"""Plays a coding agent for the demo: does what a reviewer asks for, and knows one answer only.

Called as any agent of this kind is, see docs/guides/local-agent.md: agent.py PROMPT_FILE FILE...
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

WISH = "columns we know"
# However the codemod and a formatter left it.
BEFORE = re.compile(
    r'    return shop\.database\.execute\(\s*f"SELECT sku, name, price FROM products WHERE name LIKE \?.*?\)\.fetchall\(\)\n',
    re.DOTALL,
)
AFTER = """    queries = {
        "name": "SELECT sku, name, price FROM products WHERE name LIKE ? ORDER BY name",
        "price": "SELECT sku, name, price FROM products WHERE name LIKE ? ORDER BY price",
        "sku": "SELECT sku, name, price FROM products WHERE name LIKE ? ORDER BY sku",
    }
    return shop.database.execute(queries.get(sort, queries["name"]), (f"%{term}%",)).fetchall()
"""


def main() -> None:
    """Read what is asked for, and change the files."""
    prompt, *files = map(Path, sys.argv[1:])
    if WISH not in prompt.read_text(encoding="utf-8"):
        sys.exit("nobody asks for anything that this agent knows how to do")
    for file in files:
        text = file.read_text(encoding="utf-8")
        file.write_text(BEFORE.sub(lambda _: AFTER, text, count=1), encoding="utf-8")


if __name__ == "__main__":
    main()
