"""How much of a checkout depends on its files, and that nobody waits for what is too large."""

from __future__ import annotations

from codeql_fixer.app.reach import measured_reach

FILES = {
    "shop/db.py": "",
    "shop/api.py": "from shop import db\n",
    "shop/views.py": "import shop.api\n",
    "shop/admin.py": "import json\n",
    "web/app.js": "import './lib.js'\n",
    "web/lib.js": "",
    "README.md": "shop/db.py",
}


class _Tree:
    """A checkout of some files."""

    def __init__(self, files: dict[str, str | None]) -> None:
        self._files = files

    def text(self, file: str) -> str | None:
        return self._files.get(file)

    def files(self) -> tuple[str, ...]:
        return tuple(sorted(self._files))

    def commit(self) -> str:
        return ""


def test_measured_reach__of_files_on_which_others_depend() -> None:
    found = measured_reach(_Tree(dict(FILES)), ["shop/db.py", "shop/admin.py", "web/lib.js", "gone.py", "shop/db.py"])

    assert found == {"shop/db.py": 0.4, "web/lib.js": 0.2}


def test_measured_reach__leaves_out_what_cannot_be_read() -> None:
    assert measured_reach(_Tree({**FILES, "shop/api.py": None}), ["shop/db.py"]) == {}


def test_measured_reach__a_repository_that_is_too_large_is_not_measured() -> None:
    many = {f"m{number}.py": "import core\n" for number in range(20_001)}

    assert measured_reach(_Tree({**many, "core.py": ""}), ["core.py"]) == {}
