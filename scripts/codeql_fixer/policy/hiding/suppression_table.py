"""How scanners are told to look away: the directives in comments and the annotations, by tool.

A directive whose arguments are all about layout, naming or the like hides no weakness; `harmless` says which are.
Each tool's manual is the source of how its directive is written.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Directive(NamedTuple):
    """One way to suppress. `pattern` may name what is suppressed (`args`); `harmless` matches one such name."""

    tool: str
    pattern: re.Pattern[str]
    is_local: bool = True
    harmless: re.Pattern[str] | None = None
    is_behind_code: bool = False  # elsewhere it is but a word


def _row(
    tool: str, pattern: str, *, is_local: bool = True, harmless: str = "", is_behind_code: bool = False
) -> Directive:
    return Directive(
        tool,
        re.compile(pattern, re.IGNORECASE),
        is_local,
        re.compile(harmless, re.IGNORECASE) if harmless else None,
        is_behind_code,
    )


# Of ruff's and flake8's codes only these can be about a weakness: bandit's, bugbear's, blind excepts and real errors.
RUFF_STYLE = re.compile(
    (
        r"(?!(?:S[0-9]|DUO|BLE|B[0-9]|E722|E9|F(?!401|403|405|811|841)[0-9]|PGH00[12]|PLE|SCS|SEC)"
        r"|[SBF]$)[A-Z]+[0-9]*"
    ),
    re.IGNORECASE,
)
_PYLINT_STYLE = (
    r"(?i)line-too-long|too-(?:many|few)-[\w-]*|missing-[\w-]*docstring|invalid-name"
    r"|import-outside-toplevel|wrong-import-[\w-]*"
    r"|ungrouped-imports|unused-[\w-]*|redefined-[\w-]*|no-self-use|protected-access|cyclic-import"
    r"|no-member|fixme|[cr][0-9]{4}"
    r"|no-name-in-module|import-error|duplicate-code|consider-using-[\w-]*|no-else-[\w-]*|global-statement"
)
ESLINT_STYLE = re.compile(
    r"max-[\w-]*|prettier/[\w-]*|import/[\w-]*|indent|quotes|semi|camelcase|no-unused-vars|no-console"
    r"|complexity|sort-[\w-]*"
    r"|@typescript-eslint/(?:no-unused-vars|no-explicit-any|naming-convention|no-non-null-assertion|ban-ts-comment)"
    r"|react-hooks/[\w-]*|react/(?!no-danger)[\w-]*|jsx-a11y/[\w-]*|no-underscore-dangle"
    r"|no-await-in-loop|no-plusplus|no-alert"
    r"|class-methods-use-this|no-param-reassign|no-shadow|func-names|consistent-return|global-require"
    r"|@typescript-eslint/no-(?:var-requires|require-imports)|no-use-before-define|jsdoc/[\w-]*|no-restricted-syntax",
    re.IGNORECASE,
)
_JAVA_STYLE = (
    r"(?i)unchecked|rawtypes|deprecation|unused|serial|cast|fallthrough|static|varargs|try|finally"
    r"|overrides|removal|boxing|hiding"
    r"|preview|synthetic-access|resource|dep-ann|incomplete-switch|javadoc|magicnumber"
    r"|checkstyle:[\w]*|pmd\.(?:too|excessive|god)\w*"
    r"|java:s(?:107|1192|3776|138|1448|1135|1172|1068|1144|100|101|116|117|1854|2094|6539)|unused_\w+"
    r"|unchecked_cast|deprecation_\w+"
    r"|magicnumber|longmethod|longparameterlist|complexmethod|cyclomaticcomplexmethod"
    r"|toomanyfunctions|largeclass|maxlinelength"
    r"|ktlint:[\w:-]*|same(?:parameter|return)value|memberVisibilityCanBePrivate|name_shadowing|nothing_to_inline"
)
_RUST_STYLE = (
    r"dead_code|unused|unused_\w+|non_\w+|missing_docs|deprecated|unreachable_\w+|private_\w+"
    r"|clippy::(?:too_many_\w+|type_complexity|module_\w+|missing_\w+|needless_\w+"
    r"|upper_case_acronyms|new_without_default"
    r"|large_enum_variant|cognitive_complexity|style|pedantic|similar_names|must_use_candidate"
    r"|len_without_is_empty|enum_variant_names)"
)
_GO_STYLE = (
    r"lll|funlen|gocyclo|gocognit|cyclop|dupl|revive|stylecheck|gofmt|gofumpt|goimports|golint|nestif"
    r"|nlreturn|wsl|godot|godox"
    r"|whitespace|maintidx|exhaustruct|exhaustivestruct|paralleltest|testpackage|varnamelen|ireturn"
    r"|gochecknoglobals|gochecknoinits"
    r"|goconst|gomnd|mnd|nolintlint|unused|deadcode|dogsled|unparam|interfacebloat|misspell"
    r"|tagliatelle|wrapcheck|ST[0-9]{4}|U1000"
)
_RUBY_STYLE = (
    r"(?:Style|Layout|Metrics|Naming|Bundler|Gemspec|RSpec)(?:/\w+)?|Lint/UselessAssignment|Lint/UnusedMethodArgument"
)
_CPP_STYLE = (
    r"readability-[\w-]*|modernize-[\w-]*|llvm-[\w-]*|google-(?!runtime)[\w-]*|whitespace/\w+"
    r"|build/\w+|legal/\w+|misc-(?:include|unused)[\w-]*"
    r"|runtime/(?:references|explicit)|altera-[\w-]*|fuchsia-[\w-]*|hicpp-(?:use|braces)[\w-]*"
    r"|cppcoreguidelines-(?:avoid-magic|macro)[\w-]*"
    r"|unusedFunction|unusedStructMember|missingInclude\w*|unmatchedSuppression"
)
_SWIFT_STYLE = (
    r"line_length|\w+_body_length|file_length|cyclomatic_complexity|identifier_name|type_name|todo"
    r"|function_parameter_count|nesting"
    r"|large_tuple|trailing_\w+|opening_brace|vertical_\w+|colon|comma|unused_\w+|missing_docs"
    r"|statement_position|switch_case_alignment"
)
_PHPCS_STYLE = (
    r"(?:Generic|PSR[0-9]+|Squiz|PEAR|SlevomatCodingStandard)(?:\.[\w.]*)?|WordPress\.(?:WhiteSpace"
    r"|Arrays|NamingConventions)[\w.]*"
)
_CSHARP_STYLE = r"(?i)(?:cs|ide|sa|rcs|ca17|ca18|ca10|ca20)[0-9]{1,5}|[0-9]{3,5}|style|naming|nullable"

# A directive at the beginning of a comment, or after a mark of another comment within it.
AT_START = (
    _row("codeql", r"codeql\s*\[(?P<args>[^\]]*)\]"),
    _row("codeql", r"(?:codeql|lgtm)\s*[:-]?\s*(?:ignore|disable|suppress|skip)\b(?P<args>.*)"),
    _row("codeql", r"codeql\s*\[?sm[0-9]+\]?"),
    _row("codeql", r"lgtm\s*[.!;:-]*\s*(?:-->|\*/)?\s*$"),
    _row("codeql", r"lgtm\b(?!['\u2019])", is_behind_code=True),  # reasons may follow
    _row("bandit", r"nosec\b:?\s*(?P<args>(?:[BG][0-9]{3}[\s,]*)*)"),
    _row("gosec", r"gosec:disable\b(?P<args>.*)"),
    _row("semgrep", r"nosem(?:grep)?\b\s*:?\s*(?P<args>[\w.,/ -]*)"),
    _row(
        "flake8",
        (r"(?:flake8|ruff)\s*:\s*noqa\b:?\s*(?P<args>[A-Z0-9, ]*)"),
        is_local=False,
        harmless=RUFF_STYLE.pattern,
    ),
    _row("flake8", r"noqa\b(?:\s*:\s*(?P<args>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?", harmless=RUFF_STYLE.pattern),
    _row(
        "ruff",
        (r"ruff\s*:\s*(?:disable|ignore)\b\s*\[?(?P<args>[\w, -]*)"),
        is_local=False,
        harmless=RUFF_STYLE.pattern,
    ),
    _row(
        "pylint",
        r"pylint\s*:\s*(?:disable|disable-next|skip-file)(?:\s*=\s*(?P<args>[\w,\s-]*))?",
        is_local=False,
        harmless=_PYLINT_STYLE,
    ),
    _row("eslint", r"eslint-disable-(?:next-)?line\b\s*(?P<args>(?:(?!--).)*)", harmless=ESLINT_STYLE.pattern),
    _row("eslint", r"eslint-disable(?!-)\b\s*(?P<args>(?:(?!--).)*)", is_local=False, harmless=ESLINT_STYLE.pattern),
    _row("eslint", r"eslint\s+(?P<args>[\w@/-]+\s*:\s*(?:0|[\"']?off\b))", is_local=False),
    _row("oxlint", r"oxlint-disable(?P<args>[\w -]*)", is_local=False),
    _row(
        "biome",
        r"biome-ignore(?:-all|-start)?\s+(?P<args>lint[\w/.]*)",
        harmless=r"lint/(?:style|complexity|nursery)\b.*",
    ),
    _row("deno", r"deno-lint-ignore(?P<args>.*)", is_local=False),
    _row(
        "tslint",
        r"tslint:disable(?:-next-line|-line)?\b:?\s*(?P<args>[\w\s-]*)",
        is_local=False,
        harmless=ESLINT_STYLE.pattern,
    ),
    _row("jshint", r"(?:jshint|jslint)\s+(?:ignore|-W|evil)(?P<args>.*)", is_local=False),
    _row("golangci", r"nolint\b(?::(?P<args>[\w,-]*))?", harmless=_GO_STYLE),
    _row("staticcheck", r"lint:(?:file-)?ignore\s+(?P<args>[\w,*]+)", harmless=_GO_STYLE),
    _row("rubocop", r"rubocop\s*:\s*(?:disable|todo)\b\s*(?P<args>[\w/, ]*)", is_local=False, harmless=_RUBY_STYLE),
    _row("brakeman", r"brakeman\s*:?\s*(?:ignore|disable|skip)\b"),
    _row("phpcs", r"phpcs:(?:ignoreFile|disable)\b\s*(?P<args>[\w.,]*)", is_local=False, harmless=_PHPCS_STYLE),
    _row("phpcs", r"phpcs:ignore\b\s*(?P<args>[\w.,]*)", harmless=_PHPCS_STYLE),
    _row("phpcs", r"@?codingStandardsIgnore(?:Line|Start|File)", is_local=False),
    _row("phpstan", r"@phpstan-ignore(?:-next-line|-line)?\b\s*(?P<args>[\w.,]*)"),
    _row("psalm", r"@psalm-(?:suppress|taint-escape)\b\s*(?P<args>[\w, ]*)"),
    _row("phan", r"@phan-(?:file-)?suppress\b"),
    _row(
        "phpmd",
        r"@SuppressWarnings\s*\((?P<args>[^)]*)\)",
        is_local=False,
        harmless=r"(?i)\"?PMD\.?(?:Long|Short|Excessive|TooMany|Unused|Camel|Cyclomatic|NPath)?\w*\"?",
    ),
    _row("clang-tidy", r"(?-i:NOLINT(?:NEXTLINE|BEGIN)?)\b\s*(?:\((?P<args>[^)]*)\))?", harmless=_CPP_STYLE),
    _row("cppcheck", r"cppcheck-suppress(?:-begin|-file|-macro)?\b\s*\[?\s*(?P<args>[\w,\s]*)", harmless=_CPP_STYLE),
    _row("coverity", r"coverity\s*\[(?P<args>[^\]]*)\]"),
    _row("flawfinder", r"(?:flawfinder|rats|its4)\s*:\s*ignore"),
    _row("pvs-studio", r"-?V[0-9]{3,4}\b"),
    _row("cert", r"lint\s+(?:-e|!e|-save)[0-9]*"),
    _row("snyk", r"(?:file\s+)?(?:deepcode|snyk)[\s:-]*ignore\b\s*(?P<args>\w*)"),
    _row(
        "swiftlint",
        r"swiftlint:disable(?::(?:next|this|previous))?\b\s*(?P<args>[\w ]*)",
        is_local=False,
        harmless=_SWIFT_STYLE,
    ),
    _row("scala", r"(?:scalafix:(?:ok|off)|scalastyle:(?:ignore|off)|wartremover:off)\b", is_local=False),
    _row("detekt", r"detekt\s*:\s*(?:disable|ignore)"),
    _row(
        "jetbrains",
        r"(?:no)inspection\s+(?P<args>[\w,\s]+)",
        harmless=r"(?i)unused\w*|spelling\w*|same\w*|.*naming.*|.*docs?|php(?:doc|unused)\w*|redundant\w*",
    ),
    _row("shellcheck", r"shellcheck\s+disable\s*=\s*(?P<args>[\w,-]*)", harmless=r"SC(?:1090|1091|2034|2154|1117)"),
    _row("hadolint", r"hadolint\s+(?:global\s+)?ignore\s*=\s*(?P<args>[\w,]*)"),
    _row("actionlint", r"(?:zizmor|actionlint)\s*:\s*ignore\b"),
    _row("yamllint", r"kube-linter\s*:?\s*ignore|ignore-check\.kube-linter"),
    _row("dockle", r"(?:dockle|cfn-lint|cfn_nag|cloudsploit)\s*:?\s*ignore\b"),
    _row("checkmarx", r"(?:cx|checkmarx)[\s:_-]*(?:ignore|suppress|disable|fp|not[\s_-]*exploitable)\b"),
    _row("checkmarx", r"(?:cxsast|cxone)[\s:_-]*ignore\b"),
    _row("fortify", r"fortify[\s:_-]*(?:suppress(?:ed)?|ignore|off|skip|disable)\b"),
    _row("veracode", r"veracode[\s:_-]*(?:suppress|ignore|skip|disable|annotation)\b"),
    _row("deepsource", r"skipcq\b(?::\s*(?P<args>[\w, -]*))?"),
    _row("devskim", r"devskim\s*:\s*ignore\b"),
    _row("horusec", r"(?:nohorus|horusec[\s:-]*ignore)\b"),
    _row("bearer", r"bearer\s*:\s*(?:disable|ignore)\b"),
    _row("njsscan", r"(?:njsscan|mobsf|nodejsscan)-ignore\b"),
    _row("kics", r"kics-scan\s+(?:ignore|disable)\S*"),
    _row("terrascan", r"ts:skip\s*=\s*\S+"),
    _row("regula", r"regula\s*:\s*ignore\b"),
    _row("qodana", r"(?:qodana|codacy|codeclimate|sonar|sonarqube|sonarlint)[\s:-]*(?:ignore|disable|off|suppress)\b"),
    _row("pmd", r"(?-i:NOPMD)\b"),
    _row("spotbugs", r"(?:spotbugs|findbugs|findsecbugs)[\s:-]*(?:ignore|suppress|off|disable)\b"),
    _row("slither", r"(?:slither-disable|solhint-disable)(?P<args>[\w,\s-]*)", is_local=False),
    _row("credo", r"(?:credo:disable|sobelow_skip)\S*"),
    _row("dlint", r"(?:pyre-fixme|pyre-ignore|pysa-ignore|nosast|safety\s*:\s*ignore|nosecret)\b"),
    _row("trufflehog", r"(?:trufflehog|ggignore|ggshield|talisman)\s*:?\s*(?:ignore)?\b(?=\W*$|\s*-)"),
)
# Tools that look for these anywhere in a comment. In a sentence about them they are no sign; see `suppressions`.
ANYWHERE = (
    _row("sonar", r"\bNOSONAR\b(?:\s*\((?P<args>[^)]*)\))?"),
    _row("semgrep", r"\bnosemgrep\b\s*:?\s*(?P<args>[\w.,/-]*)"),
    _row("codeql", r"\blgtm\s*\[(?P<args>[^\]]*)\]"),
    _row("gosec", r"#nosec\b\s*(?P<args>(?:G[0-9]{3}[\s,]*)*)"),
    _row("gitleaks", r"\bgitleaks:allow\b"),
    _row("detect-secrets", r"\bpragma:\s*(?:allowlist|whitelist)(?:\s+nextline)?\s+secret\b"),
    _row("checkov", r"\b(?:checkov|bridgecrew):skip=?(?P<args>\S*)"),
    _row("tfsec", r"\btfsec:ignore:?(?P<args>\S*)"),
    _row("trivy", r"\btrivy:ignore:?(?P<args>\S*)"),
    _row("trufflehog", r"\btrufflehog:ignore\b"),
)
# In code, not in comments; arguments may be strings.
ANNOTATIONS = (
    _row(
        "java",
        r"@(?:file:|get:|set:|field:)?Suppress(?:Warnings)?\s*\((?P<args>[^)]*)\)?",
        is_local=False,
        harmless=_JAVA_STYLE,
    ),
    _row(
        "spotbugs",
        r"@(?:edu\.umd\.cs\.findbugs\.annotations\.)?(?:SuppressFBWarnings|SuppressLint|NoSonar)\b(?P<args>[^)]*)",
        is_local=False,
    ),
    _row("fortify", r"@Fortify(?:Suppress|Ignore|NonSecure|NotExploitable|NoIssue)\w*", is_local=False),
    _row("scala", r"@nowarn\b(?P<args>[^)]*)", is_local=False, harmless=r".*(?:deprecation|unused).*"),
    _row("csharp", r"^\s*#pragma\s+warning\s+disable\b\s*(?P<args>[\w,\s]*)", is_local=False, harmless=_CSHARP_STYLE),
    _row(
        "csharp",
        r"\[\s*(?:assembly\s*:\s*"
        r"|module\s*:\s*)?(?:\w+\.)*(?:Unconditional)?SuppressMessage(?:Attribute)?\s*\((?P<args>.*)",
        is_local=False,
    ),
    _row("rust", r"#!?\s*\[\s*(?:allow|expect)\s*\((?P<args>[^)]*)\)", is_local=False, harmless=_RUST_STYLE),
    _row(
        "gcc",
        r"^\s*#\s*pragma\s+(?:GCC|clang)\s+diagnostic\s+ignored\b(?P<args>.*)",
        is_local=False,
        harmless=r".*-W(?:unused|deprecated|pedantic).*",
    ),
    _row("msvc", r"^\s*#\s*pragma\s+warning\s*\(\s*(?:disable|suppress)(?P<args>[^)]*)", is_local=False),
    _row("coverity", r"__coverity_\w+__", is_local=False),
    _row(
        "php",
        r"#\[\s*\\?(?:\w+\\)*(?:SuppressWarnings|Psalm\\Suppress|CodeCoverageIgnore_)\b(?P<args>[^)]*)",
        is_local=False,
    ),
    _row(
        "clang",
        r"__attribute__\s*\(\(\s*(?:no_sanitize|annotate)\b(?P<args>[^)]*)|\[\[\s*(?:gsl"
        r"|clang)::suppress\b(?P<more>[^\]]*)",
        is_local=False,
    ),
    _row("android", r"\btools:ignore\s*=", is_local=False),
)
