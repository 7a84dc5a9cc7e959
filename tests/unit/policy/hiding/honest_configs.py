"""Changes of configuration that hide nothing: none of them shows a sign."""

from __future__ import annotations

from tests.unit.policy.hiding.cases import Case, Edit, edit

_WORKFLOW = (
    "name: CI\non:\n  push:\n    branches: [main]\n  pull_request:\njobs:\n  test:\n"
    "    runs-on: ubuntu-latest\n    steps:\n"
    "      - uses: actions/checkout@v3\n      - uses: github/codeql-action/init@v2\n"
    "        with:\n          languages: python\n"
    "      - name: Test\n        run: pytest -q\n      - uses: github/codeql-action/analyze@v2\n"
)
_PUSH, _PULLS = "  push:\n    branches: [main]\n", "  pull_request:\n"


def _workflow(name: str, old: str, new: str) -> Case:
    assert old in _WORKFLOW
    return edit(name, ".github/workflows/ci.yml", _WORKFLOW, _WORKFLOW.replace(old, new))


_STEPS = "jobs:\n  push:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker push shop\n"
CONFIGS = (
    _workflow("events in another order", _PUSH + _PULLS, _PULLS + _PUSH),
    _workflow("events on one line", f"on:\n{_PUSH}{_PULLS}", "on: [push, pull_request]\n"),
    _workflow("events without anything", _PULLS, "  pull_request: {}\n"),
    _workflow("events in braces", _PUSH, "  push: {branches: [main]}\n"),
    _workflow("tags as well", "    branches: [main]\n", "    branches: [main]\n    tags: ['v*']\n"),
    _workflow("analysis by another version", "codeql-action/analyze@v2", "codeql-action/analyze@v3"),
    _workflow("analysis by hand", "uses: github/codeql-action/analyze@v2", "run: codeql database analyze db"),
    edit("job called push gone", ".github/workflows/p.yml", f"on: release\n{_STEPS}", "on: release\njobs: {}\n"),
    edit(
        "image not pushed",
        ".github/workflows/p.yml",
        "jobs:\n  a:\n    steps:\n      - uses: docker/build\n        with:\n          push: true\n",
        "jobs:\n  a:\n    steps:\n      - uses: docker/build\n",
    ),
    edit(
        "new pyproject of a packet",
        "packages/a/pyproject.toml",
        None,
        (
            '[project]\nname = "a"\n[tool.bandit]\nexclude_dirs = ["tests", ".venv"]\n[tool.ruff.lint]\n'
            'select = ["ALL"]\nignore = ["D100", "E501"]\n[tool.ruff.lint.per-file-ignores]\n"tests/*" = ["S101"]\n'
        ),
    ),
    edit(
        "new setup.cfg",
        "setup.cfg",
        None,
        "[flake8]\nmax-line-length = 100\nexclude = .git,__pycache__,build,dist\nextend-ignore = E203\n",
    ),
    edit("new sonar", "sonar-project.properties", None, "sonar.projectKey=shop\nsonar.sources=.\n"),
    _workflow("versions", "codeql-action/init@v2", "codeql-action/init@v3"),
    _workflow("pinned", "actions/checkout@v3", "actions/checkout@8f4b7f84864484a7bf31766abe9204da3cbe65b3 # v3"),
    _workflow("permissions", "jobs:\n", "permissions:\n  contents: read\n\njobs:\n"),
    _workflow("one language more", "languages: python", "languages: python, javascript"),
    _workflow("queries", "languages: python\n", "languages: python\n          queries: security-extended\n"),
    _workflow("another test command", "run: pytest -q", "run: python -m pytest --verbose tests"),
    _workflow("name of a step", "name: Test", "name: Run the tests"),
    _workflow(
        "environment in place of expression",
        "        run: pytest -q",
        '        env:\n          TITLE: ${{ github.event.issue.title }}\n        run: pytest -q "$TITLE"',
    ),
    _workflow("documents ignored", "  pull_request:\n", "  pull_request:\n    paths-ignore: ['**.md', 'docs/**']\n"),
    _workflow("branch renamed", "branches: [main]", "branches: [trunk]"),
    _workflow("one branch more", "branches: [main]", "branches: [main, develop]"),
    _workflow("filter gone", "  push:\n    branches: [main]\n", "  push:\n"),
    _workflow(
        "conditional step",
        "      - name: Test\n",
        "      - name: Test\n        if: github.actor != 'dependabot[bot]'\n",
    ),
    _workflow(
        "time-out and concurrency",
        "    runs-on: ubuntu-latest\n",
        "    runs-on: ubuntu-latest\n    timeout-minutes: 20\n",
    ),
    _workflow(
        "harmless or true",
        "        run: pytest -q",
        "        run: |\n          docker rm -f db || true\n          pytest -q",
    ),
    _workflow("re-indented list", "branches: [main]", "branches:\n      - main"),
    edit(
        "pull_request_target closed",
        ".github/workflows/pr.yml",
        "on: pull_request_target\njobs:\n  t:\n    steps:\n      - run: make test\n",
        "on: pull_request\njobs:\n  t:\n    steps:\n      - run: make test\n",
    ),
    edit(
        "strict",
        ".github/workflows/ci.yml",
        "on: [push]\njobs:\n  t:\n    steps:\n      - run: bandit -r src || true\n",
        "on: [push]\njobs:\n  t:\n    steps:\n      - run: bandit -r src\n",
    ),
    edit("new workflow", ".github/workflows/scan.yml", None, _WORKFLOW),
    edit(
        "release workflow gone",
        ".github/workflows/greet.yml",
        "on: issues\njobs:\n  hello:\n    steps:\n      - uses: actions/first-interaction@v1\n",
        None,
    ),
    Case(
        "workflow renamed",
        {".github/workflows/ci.yml": Edit(_WORKFLOW, None), ".github/workflows/main.yml": Edit(None, _WORKFLOW)},
    ),
    edit(
        "fewer paths ignored",
        ".github/codeql/codeql-config.yml",
        "paths-ignore:\n  - vendor\n  - src\n",
        "paths-ignore:\n  - vendor\n",
    ),
    edit("more queries", "codeql-config.yml", "name: x\n", "name: x\nqueries:\n  - uses: security-extended\n"),
    edit("semgrepignore shrinks", ".semgrepignore", "vendor/\nsrc/\n", "vendor/\n"),
    edit("semgrepignore comment", ".semgrepignore", "vendor/\n", "# third party\nvendor/\n"),
    edit(
        "bandit skips less",
        "pyproject.toml",
        "[tool.bandit]\nskips = ['B101', 'B605']\n",
        "[tool.bandit]\nskips = ['B101']\n",
    ),
    edit(
        "pyproject dependency",
        "pyproject.toml",
        "[project]\ndependencies = ['requests>=2.0']\n",
        "[project]\ndependencies = ['requests>=2.32', 'defusedxml']\n",
    ),
    edit(
        "ruff line length",
        "pyproject.toml",
        "[tool.ruff]\nline-length = 88\n",
        "[tool.ruff]\nline-length = 100\nignore = ['E501']\n",
    ),
    edit(
        "package dependency",
        "package.json",
        '{\n  "dependencies": {\n    "lodash": "4.17.15"\n  }\n}\n',
        '{\n  "dependencies": {\n    "lodash": "4.17.21",\n    "dompurify": "3.0.0"\n  }\n}\n',
    ),
    edit(
        "package test",
        "package.json",
        '{\n  "scripts": {\n    "test": "jest"\n  }\n}\n',
        '{\n  "scripts": {\n    "test": "jest --ci",\n    "lint": "eslint ."\n  }\n}\n',
    ),
    edit(
        "eslint stricter",
        ".eslintrc.json",
        '{\n  "rules": {\n    "no-eval": "off"\n  }\n}\n',
        '{\n  "rules": {\n    "no-eval": "error"\n  }\n}\n',
    ),
    edit("gitattributes of line ends", ".gitattributes", "* text=auto\n", "* text=auto\n*.sh eol=lf\n"),
    edit("gitignore", ".gitignore", "*.pyc\n", "*.pyc\n.env\nsecrets.json\n"),
    edit("baseline shrinks", ".secrets.baseline", '{\n  "results": {\n    "a": 1\n  }\n}\n', '{\n  "results": {}\n}\n'),
    edit("baseline lines moved", ".secrets.baseline", '{\n  "line_number": 3\n}\n', '{\n  "line_number": 5\n}\n'),
    edit(
        "coverage raised",
        "pyproject.toml",
        "[tool.coverage.report]\nfail_under = 80\n",
        "[tool.coverage.report]\nfail_under = 85\n",
    ),
    edit(
        "dependabot",
        ".github/dependabot.yml",
        "version: 2\n",
        "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n",
    ),
    edit(
        "own configuration", "config/settings.yml", "debug: true\n", "debug: false\nexclude: [a, b]\nenabled: false\n"
    ),
    edit(
        "docker",
        "Dockerfile",
        "FROM python:3.8\nRUN pip install x\n",
        "FROM python:3.12\nRUN pip install x\nUSER app\n",
    ),
    edit("makefile", "Makefile", "test:\n\tpytest\n", "test:\n\tpytest -q\nclean:\n\trm -rf build || true\n"),
    edit("re-formatted config", ".bandit", "[bandit]\nskips = B101,B102\n", "[bandit]\nskips = B101, B102\n"),
)
