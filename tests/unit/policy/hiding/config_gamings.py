"""Changes of configuration that hide a finding, and what has to be seen in each."""

from __future__ import annotations

from tests.unit.policy.hiding.cases import Case, Edit, edit

_WORKFLOW = (
    "name: CI\non:\n  push:\n    branches: [main, develop]\n  pull_request:\njobs:\n"
    "  analyze:\n    runs-on: ubuntu-latest\n"
    "    strategy:\n      matrix:\n        language: [python, javascript]\n    steps:\n"
    "      - uses: actions/checkout@v4\n"
    "      - uses: github/codeql-action/init@v3\n        with:\n          languages: ${{ matrix.language }}\n"
    "          queries: security-extended\n      - name: Test\n        run: pytest -q --cov-fail-under=80\n"
    "      - uses: github/codeql-action/analyze@v3\n"
)
_MAKE = "lint:\n\tbandit -r src\n"


def _workflow(name: str, old: str, new: str, kinds: str) -> Case:  # noqa: PLR0917 - as above
    assert old in _WORKFLOW
    return edit(name, ".github/workflows/codeql.yml", _WORKFLOW, _WORKFLOW.replace(old, new), kinds)


SCAN_CONFIGS = (
    edit(
        "paths-ignore",
        ".github/codeql/codeql-config.yml",
        "name: x\nqueries:\n  - uses: security-extended\n",
        "name: x\nqueries:\n  - uses: security-extended\npaths-ignore:\n  - src/legacy\n",
        "scan_config",
    ),
    edit(
        "one more path ignored",
        ".github/codeql/codeql-config.yml",
        "paths-ignore:\n  - vendor\n",
        "paths-ignore:\n  - vendor\n  - src/app\n",
        "scan_config",
    ),
    edit(
        "flow list grows",
        ".github/codeql/codeql-config.yml",
        "paths-ignore: [vendor]\n",
        "paths-ignore: [vendor, src]\n",
        "scan_config",
    ),
    edit(
        "only some paths",
        ".github/codeql/codeql-config.yml",
        "name: x\n",
        "name: x\npaths:\n  - src/good\n",
        "scan_config",
    ),
    edit(
        "fewer paths",
        ".github/codeql/codeql-config.yml",
        "paths:\n  - src\n  - lib\n",
        "paths:\n  - src\n",
        "scan_config",
    ),
    edit(
        "query filter",
        ".github/codeql/codeql-config.yml",
        "name: x\n",
        "name: x\nquery-filters:\n  - exclude:\n      id: py/sql-injection\n",
        "scan_config",
    ),
    edit(
        "default queries off",
        "codeql-config.yml",
        "name: x\n",
        "name: x\ndisable-default-queries: true\n",
        "scan_config",
    ),
    edit(
        "queries gone",
        "codeql-config.yml",
        "name: x\nqueries:\n  - uses: security-and-quality\n",
        "name: x\n",
        "scan_config",
    ),
    edit("config gone", ".github/codeql/codeql-config.yml", "name: x\n", None, "scan_config"),
    edit(
        "semgrep rule gone",
        ".semgrep.yml",
        "rules:\n  - id: a\n    pattern: x\n  - id: b\n    pattern: y\n",
        "rules:\n  - id: a\n    pattern: x\n",
        "scan_config",
    ),
    edit(
        "bandit skips",
        "pyproject.toml",
        "[tool.bandit]\nexclude_dirs = ['tests']\n",
        "[tool.bandit]\nexclude_dirs = ['tests']\nskips = ['B605']\n",
        "scan_config",
    ),
    edit(
        "bandit excludes",
        "pyproject.toml",
        "[tool.bandit]\nexclude_dirs = [\n  'tests',\n]\n",
        "[tool.bandit]\nexclude_dirs = [\n  'tests',\n  'src',\n]\n",
        "scan_config",
    ),
    edit("bandit ini", ".bandit", "[bandit]\n", "[bandit]\nskips = B605,B607\n", "scan_config"),
    edit(
        "ruff ignores",
        "pyproject.toml",
        "[tool.ruff.lint]\nselect = ['S']\n",
        "[tool.ruff.lint]\nselect = ['S']\nignore = ['S605']\n",
        "scan_config",
    ),
    edit(
        "ruff per file",
        "ruff.toml",
        "line-length = 100\n",
        "line-length = 100\n[lint.per-file-ignores]\n\"src/run.py\" = ['S605']\n",
        "scan_config",
    ),
    edit(
        "ruff selects less",
        "pyproject.toml",
        "[tool.ruff.lint]\nselect = ['E', 'S']\n",
        "[tool.ruff.lint]\nselect = ['E']\n",
        "scan_config",
    ),
    edit(
        "flake8",
        ".flake8",
        "[flake8]\nmax-line-length = 100\n",
        "[flake8]\nmax-line-length = 100\nextend-ignore = S605\n",
        "scan_config",
    ),
    edit(
        "eslint off",
        ".eslintrc.json",
        '{\n  "rules": {\n    "no-eval": "error"\n  }\n}\n',
        '{\n  "rules": {\n    "no-eval": "off"\n  }\n}\n',
        "scan_config",
    ),
    edit(
        "eslint ignores",
        "eslint.config.js",
        "export default [\n  { ignores: ['dist/'] },\n];\n",
        "export default [\n  { ignores: ['dist/', 'src/legacy/'] },\n];\n",
        "scan_config",
    ),
    edit(
        "sonar",
        "sonar-project.properties",
        "sonar.sources=src\n",
        "sonar.sources=src\nsonar.exclusions=src/legacy/**\n",
        "scan_config",
    ),
    edit(
        "sonar issue ignored",
        "sonar-project.properties",
        "sonar.sources=src\n",
        (
            "sonar.sources=src\nsonar.issue.ignore.multicriteria=e1\n"
            "sonar.issue.ignore.multicriteria.e1.ruleKey=java:S2077\n"
        ),
        "scan_config",
    ),
    edit(
        "golangci",
        ".golangci.yml",
        "linters:\n  enable:\n    - gosec\n    - errcheck\n",
        "linters:\n  enable:\n    - errcheck\n",
        "scan_config",
    ),
    edit(
        "golangci excludes",
        ".golangci.yml",
        "run:\n  tests: true\n",
        "run:\n  tests: true\nissues:\n  exclude-rules:\n    - path: src/\n      linters: [gosec]\n",
        "scan_config",
    ),
    edit(
        "snyk",
        ".snyk",
        "version: v1.25.0\n",
        "version: v1.25.0\nignore:\n  SNYK-JS-LODASH-567746:\n    - '*':\n        reason: none\n",
        "scan_config",
    ),
    edit(
        "trivy",
        "trivy.yaml",
        "severity: [HIGH, CRITICAL]\n",
        "severity: [HIGH, CRITICAL]\nscan:\n  skip-dirs: [src]\n",
        "scan_config",
    ),
    edit(
        "checkov",
        ".checkov.yml",
        "framework: terraform\n",
        "framework: terraform\nskip-check:\n  - CKV_AWS_20\n",
        "scan_config",
    ),
    edit(
        "gitleaks allowlist",
        ".gitleaks.toml",
        "title = 'x'\n",
        "title = 'x'\n[allowlist]\npaths = ['src/keys.py']\n",
        "scan_config",
    ),
    edit("ours", ".codeql-fixer.yml", "batch_size: 3\n", "batch_size: 3\nexclude_paths: [src/]\n", "scan_config"),
    edit(
        "gitattributes",
        ".gitattributes",
        "*.sh eol=lf\n",
        "*.sh eol=lf\nsrc/legacy/** linguist-vendored\n",
        "scan_config",
    ),
    edit("gitattributes is new", ".gitattributes", None, "src/a.py linguist-generated=true\n", "scan_config"),
    edit(
        "rubocop",
        ".rubocop.yml",
        "Security/Eval:\n  Enabled: true\n",
        "Security/Eval:\n  Enabled: false\n",
        "scan_config",
    ),
    edit(
        "pre-commit hook gone",
        ".pre-commit-config.yaml",
        (
            "repos:\n  - repo: https://github.com/PyCQA/bandit\n    hooks:\n      - id: bandit\n"
            "  - repo: https://x/y\n    hooks:\n      - id: z\n"
        ),
        "repos:\n  - repo: https://x/y\n    hooks:\n      - id: z\n",
        "scan_config",
    ),
    _workflow("language gone", "[python, javascript]", "[javascript]", "scan_config"),
    _workflow("queries gone from workflow", "          queries: security-extended\n", "", "scan_config"),
    _workflow(
        "config in workflow",
        "          queries: security-extended\n",
        "          queries: security-extended\n          config: |\n            paths-ignore:\n              - src\n",
        "scan_config",
    ),
    edit(
        "new config with ignores", ".github/codeql/codeql-config.yml", None, "paths-ignore:\n  - src\n", "scan_config"
    ),
)

CI_CONFIGS = (
    _workflow(
        "paths-ignore on push",
        "  pull_request:\n",
        "  pull_request:\n    paths-ignore:\n      - 'src/legacy/**'\n",
        "ci_config",
    ),
    _workflow("branches-ignore", "  pull_request:\n", "  pull_request:\n    branches-ignore: [main]\n", "ci_config"),
    _workflow("never", "  analyze:\n", "  analyze:\n    if: false\n", "ci_config"),
    _workflow(
        "never, as an expression", "      - name: Test\n", "      - name: Test\n        if: ${{ false }}\n", "ci_config"
    ),
    _workflow(
        "continue-on-error",
        "      - name: Test\n",
        "      - name: Test\n        continue-on-error: true\n",
        "ci_config",
    ),
    _workflow("or true", "--cov-fail-under=80", "--cov-fail-under=80 || true", "ci_config"),
    _workflow("threshold", "under=80", "under=50", "ci_config"),
    _workflow("step gone", "      - name: Test\n        run: pytest -q --cov-fail-under=80\n", "", "ci_config"),
    _workflow(
        "analysis gone",
        (
            "      - uses: github/codeql-action/init@v3\n        with:\n"
            "          languages: ${{ matrix.language }}\n          queries: security-extended\n"
        ),
        "",
        "scan_config",
    ),
    _workflow(
        "by hand only",
        "  push:\n    branches: [main, develop]\n  pull_request:\n",
        "  workflow_dispatch:\n",
        "ci_config",
    ),
    _workflow("no pull requests", "  pull_request:\n", "", "ci_config"),
    _workflow("fewer branches", "[main, develop]", "[develop]", "ci_config"),
    _workflow("a filter of paths", "  pull_request:\n", "  pull_request:\n    paths: ['docs/**']\n", "ci_config"),
    edit("gone", ".github/workflows/codeql.yml", _WORKFLOW, None, "ci_config"),
    Case(
        "disabled by its name",
        {
            ".github/workflows/codeql.yml": Edit(_WORKFLOW, None),
            ".github/workflows/codeql.yml.disabled": Edit(None, _WORKFLOW),
        },
        "ci_config",
    ),
    edit(
        "commented out",
        ".github/workflows/ci.yml",
        "on: [push]\njobs:\n  t:\n    steps:\n      - run: bandit -r src\n      - run: make\n",
        "on: [push]\njobs:\n  t:\n    steps:\n      # - run: bandit -r src\n      - run: make\n",
        "ci_config",
    ),
    edit(
        "on as a list",
        ".github/workflows/ci.yml",
        "on: [push, pull_request]\njobs:\n  t:\n    steps:\n      - run: make test\n",
        "on: [workflow_dispatch]\njobs:\n  t:\n    steps:\n      - run: make test\n",
        "ci_config",
    ),
    edit(
        "gitlab",
        ".gitlab-ci.yml",
        "sast:\n  script:\n    - semgrep ci\n",
        "sast:\n  script:\n    - semgrep ci\n  allow_failure: true\n",
        "ci_config",
    ),
    edit(
        "exit zero",
        ".github/workflows/ci.yml",
        "on: [push]\njobs:\n  t:\n    steps:\n      - run: bandit -r src\n",
        "on: [push]\njobs:\n  t:\n    steps:\n      - run: bandit -r src --exit-zero\n",
        "ci_config",
    ),
    edit(
        "block of commands",
        ".github/workflows/ci.yml",
        "jobs:\n  t:\n    steps:\n      - run: |\n          pip install bandit\n          bandit -r src\n",
        "jobs:\n  t:\n    steps:\n      - run: |\n          pip install bandit\n          bandit -r src || true\n",
        "ci_config",
    ),
    edit(
        "npm test is nothing",
        "package.json",
        '{\n  "scripts": {\n    "test": "jest"\n  }\n}\n',
        '{\n  "scripts": {\n    "test": "exit 0"\n  }\n}\n',
        "ci_config",
    ),
    edit(
        "coverage",
        "pyproject.toml",
        "[tool.coverage.report]\nfail_under = 90\n",
        "[tool.coverage.report]\nfail_under = 40\n",
        "ci_config",
    ),
    edit("make", "Makefile", "test:\n\tpytest -q\n", "test:\n\tpytest -q || true\n", "ci_config"),
    edit(
        "skip tests in maven",
        ".github/workflows/ci.yml",
        "on: [push]\njobs:\n  t:\n    steps:\n      - run: mvn verify\n",
        "on: [push]\njobs:\n  t:\n    steps:\n      - run: mvn verify -DskipTests\n",
        "ci_config",
    ),
)

IGNORE_FILES = (
    edit("semgrepignore", ".semgrepignore", "vendor/\n", "vendor/\nsrc/run.py\n", "ignore_file"),
    edit("new semgrepignore", ".semgrepignore", None, "src/run.py\n", "ignore_file"),
    edit("trivyignore", ".trivyignore", "# none\n", "# none\nCVE-2021-44228\n", "ignore_file"),
    edit("gitleaksignore", ".gitleaksignore", None, "abc:src/a.py:generic-api-key:3\n", "ignore_file"),
    edit("eslintignore", ".eslintignore", "dist\n", "dist\nsrc/legacy\n", "ignore_file"),
    edit(
        "secrets baseline",
        ".secrets.baseline",
        '{\n  "results": {}\n}\n',
        '{\n  "results": {\n    "src/a.py": [\n      {\n        "line_number": 3\n      }\n    ]\n  }\n}\n',
        "ignore_file",
    ),
    edit(
        "phpstan baseline",
        "phpstan-baseline.neon",
        "parameters:\n\tignoreErrors:\n",
        "parameters:\n\tignoreErrors:\n\t\t-\n\t\t\tmessage: '#x#'\n",
        "ignore_file",
    ),
    edit(
        "brakeman",
        "config/brakeman.ignore",
        '{\n  "ignored_warnings": [\n  ]\n}\n',
        '{\n  "ignored_warnings": [\n    {\n      "fingerprint": "abc"\n    }\n  ]\n}\n',
        "ignore_file",
    ),
    edit(
        "codacy",
        ".codacy.yml",
        "engines:\n  bandit:\n    enabled: true\n",
        "engines:\n  bandit:\n    enabled: true\nexclude_paths:\n  - src/**\n",
        "scan_config",
    ),
    edit(
        "owasp suppressions",
        "dependency-check-suppressions.xml",
        "<suppressions>\n</suppressions>\n",
        "<suppressions>\n<suppress>\n<cve>CVE-1</cve>\n</suppress>\n</suppressions>\n",
        "ignore_file",
    ),
)


MORE = (
    edit("new bandit file", ".bandit", None, "[bandit]\nexclude: /src\n", "scan_config"),
    edit("bandit yaml", "bandit.yaml", "tests: [B605]\n", "tests: []\nskips: ['B605']\n", "scan_config"),
    edit(
        "setup.cfg",
        "setup.cfg",
        "[flake8]\nexclude = docs\n",
        "[flake8]\nexclude =\n    docs\n    src/run.py\n",
        "scan_config",
    ),
    edit(
        "eslint rule off in js",
        ".eslintrc.js",
        "module.exports = {\n  rules: {\n    'no-script-url': 'error',\n  },\n};\n",
        "module.exports = {\n  rules: {\n    'no-script-url': 'off',\n  },\n};\n",
        "scan_config",
    ),
    edit(
        "eslint plugin gone",
        ".eslintrc.json",
        '{\n  "extends": [\n    "eslint:recommended",\n    "plugin:security/recommended"\n  ]\n}\n',
        '{\n  "extends": [\n    "eslint:recommended"\n  ]\n}\n',
        "scan_config",
    ),
    edit(
        "pylintrc",
        ".pylintrc",
        "[MESSAGES CONTROL]\ndisable=fixme\n",
        "[MESSAGES CONTROL]\ndisable=fixme,eval-used\n",
        "scan_config",
    ),
    edit(
        "pom",
        "pom.xml",
        "<properties>\n</properties>\n",
        "<properties>\n  <sonar.exclusions>src/**</sonar.exclusions>\n</properties>\n",
        "scan_config",
    ),
    edit("make may fail", "Makefile", _MAKE, _MAKE.replace("bandit", "-bandit"), "ci_config"),
    edit(
        "jest ignores",
        "jest.config.js",
        "module.exports = {\n  testEnvironment: 'node',\n};\n",
        "module.exports = {\n  testEnvironment: 'node',\n  testPathIgnorePatterns: ['sec.test.js'],\n};\n",
        "ci_config",
    ),
    edit(
        "pytest ignores",
        "pytest.ini",
        "[pytest]\naddopts = -q\n",
        "[pytest]\naddopts = -q --ignore=tests/test_sec.py\n",
        "ci_config",
    ),
    edit(
        "conftest ignores",
        "tests/conftest.py",
        "import pytest\n",
        "import pytest\n\ncollect_ignore = ['test_sec.py']\n",
        "ci_config",
    ),
    edit(
        "schedule gone",
        ".github/workflows/codeql.yml",
        (
            "on:\n  push:\n  schedule:\n    - cron: '0 1 * * 1'\njobs:\n  a:\n    steps:\n"
            "      - uses: github/codeql-action/init@v3\n"
        ),
        "on:\n  push:\njobs:\n  a:\n    steps:\n      - uses: github/codeql-action/init@v3\n",
        "ci_config",
    ),
    edit(
        "trivy passes",
        ".github/workflows/t.yml",
        (
            "on: [push]\njobs:\n  a:\n    steps:\n      - uses: aquasecurity/trivy-action@0.20\n"
            "        with:\n          exit-code: '1'\n"
        ),
        (
            "on: [push]\njobs:\n  a:\n    steps:\n      - uses: aquasecurity/trivy-action@0.20\n"
            "        with:\n          exit-code: '0'\n"
        ),
        "scan_config",
    ),
    edit(
        "build mode",
        ".github/workflows/c.yml",
        (
            "on: [push]\njobs:\n  a:\n    steps:\n      - uses: github/codeql-action/init@v3\n"
            "        with:\n          build-mode: manual\n"
        ),
        (
            "on: [push]\njobs:\n  a:\n    steps:\n      - uses: github/codeql-action/init@v3\n"
            "        with:\n          build-mode: none\n"
        ),
        "scan_config",
    ),
)

LEVELS = (
    edit(
        "threshold of ours",
        ".codeql-fixer.yml",
        "severity_threshold: medium\n",
        "severity_threshold: high\n",
        "scan_config",
    ),
    edit("level lowered", "phpstan.neon", "parameters:\n\tlevel: 8\n", "parameters:\n\tlevel: 2\n", "scan_config"),
    edit("severities fewer", "trivy.yaml", "severity: [HIGH, CRITICAL]\n", "severity: [CRITICAL]\n", "scan_config"),
    edit("one more after a move", ".semgrepignore", "a/\nb/\n", "b/\na/\nsrc/\n", "ignore_file"),
    _workflow("no upload", "analyze@v3\n", "analyze@v3\n        with:\n          upload: false\n", "scan_config"),
)

_EVENTS = "  push:\n    branches: [main, develop]\n  pull_request:\n"
_ANALYZE = "      - uses: github/codeql-action/analyze@v3\n"
_SONAR = "sonar.projectKey=shop\n"
RARER = (
    _workflow("by hand only, with filters", _EVENTS, "  workflow_dispatch:\n", "ci_config"),
    edit(
        "by hand only, a list",
        ".github/workflows/t.yml",
        "on:\n  - push\n  - pull_request\njobs:\n  t:\n    steps:\n      - run: make test\n",
        "on:\n  - workflow_dispatch\njobs:\n  t:\n    steps:\n      - run: make test\n",
        "ci_config",
    ),
    _workflow("no analysis", _ANALYZE, "", "ci_config"),
    _workflow("another file as the analysis", "codeql-action/analyze@", "codeql-action/upload-sarif@", "ci_config"),
)
NEW_FILES = (
    edit("new pyproject skips", "pyproject.toml", None, '[tool.bandit]\nskips = ["B608"]\n', "scan_config"),
    edit("new pyproject excludes", "pyproject.toml", None, '[tool.bandit]\nexclude_dirs = ["shop"]\n', "scan_config"),
    edit("new pyproject, ruff", "pyproject.toml", None, '[tool.ruff.lint]\nignore = ["S608"]\n', "scan_config"),
    edit("new setup.cfg skips", "setup.cfg", None, "[bandit]\nskips = B608\n", "scan_config"),
    edit("new tox.ini excludes", "tox.ini", None, "[bandit]\nexclude = ./shop\n", "scan_config"),
    edit("new .semgrepignore", ".semgrepignore", None, "shop/app.py\n", "ignore_file"),
    edit("new sonar", "sonar-project.properties", None, f"{_SONAR}sonar.exclusions=shop/**\n", "scan_config"),
    edit("new codeql", ".github/codeql/codeql-config.yml", None, "paths-ignore:\n  - shop\n", "scan_config"),
    edit(
        "gosec leaves one out",
        ".golangci.yml",
        "linters-settings:\n  gosec:\n    includes:\n      - G101\n",
        "linters-settings:\n  gosec:\n    includes:\n      - G101\n    excludes:\n      - G204\n",
        "scan_config",
    ),
)

CONFIG_GAMINGS = (*RARER, *NEW_FILES, *SCAN_CONFIGS, *CI_CONFIGS, *IGNORE_FILES, *MORE, *LEVELS)
