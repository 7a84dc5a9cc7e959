"""Says where a readable file departs from the standard, beyond what reading it needs.

Unknown and missing members, repeated entries, numbers out of range: nothing depends on the answer, but people
learn what their tool does wrong.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codeql_fixer.adapters.sarif.faults import Faults

# Larger files come from tools that many people run; the walk over plain values would cost more than the reading.
MAX_BYTES = 8 << 20
_MAX_ENTRIES = 1000
# Members of the objects that occur in most files (SARIF 2.1.0 sections 3.11 to 3.54), one object per line.
# `name:object`, `name:[object]` and `name:{object}` say what is inside, `!` marks required members, `+` lists that
# must not be empty, `*` lists without repetition, `>=n` least numbers, `~guid` and `~language` patterns.
_SHAPES = """
log $schema version! runs:[run]! inlineExternalProperties* properties
run tool:tool! invocations:[invocation] conversion language~language versionControlProvenance* \
originalUriBaseIds artifacts* logicalLocations* graphs* results:[result] automationDetails:automation \
runAggregates* baselineGuid~guid redactionTokens* defaultEncoding defaultSourceLanguage newlineSequences+* \
columnKind externalPropertyFileReferences threadFlowLocations* taxonomies:[component]* addresses \
translations:[component]* policies:[component]* webRequests* webResponses* specialLocations properties
tool driver:component! extensions:[component]* properties
component guid~guid name organization product productSuite shortDescription:text fullDescription:text fullName \
version semanticVersion dottedQuadFileVersion releaseDateUtc downloadUri informationUri \
globalMessageStrings:{text} notifications:[rule]* rules:[rule]* taxa:[rule]* locations language~language \
contents* isComprehensive localizedDataSemanticVersion minimumRequiredLocalizedDataSemanticVersion \
associatedComponent translationMetadata supportedTaxonomies* properties
rule id! deprecatedIds* guid~guid deprecatedGuids* name deprecatedNames* shortDescription:text \
fullDescription:text messageStrings:{text} defaultConfiguration helpUri help:text relationships* properties
text text! markdown properties
result ruleId ruleIndex>=-1 rule kind level message:message! analysisTarget locations:[location] guid~guid \
correlationGuid~guid occurrenceCount>=1 partialFingerprints fingerprints stacks* codeFlows:[codeFlow] graphs* \
graphTraversals* relatedLocations:[location]* suppressions:[suppression]* baselineState rank attachments* \
hostedViewerUri workItemUris* provenance fixes* taxa* webRequest webResponse properties
message text markdown id arguments properties
location id>=-1 physicalLocation:physical logicalLocations* message:message annotations relationships* \
properties
physical address artifactLocation:artifact region:region contextRegion:region properties
artifact uri uriBaseId index>=-1 description properties
region startLine>=1 startColumn>=1 endLine>=1 endColumn>=1 charOffset>=-1 charLength>=0 byteOffset>=-1 \
byteLength>=0 snippet message sourceLanguage properties
codeFlow message threadFlows:[threadFlow]+! properties
threadFlow id message initialState immutableState locations+! properties
invocation commandLine arguments responseFiles* startTimeUtc endTimeUtc exitCode ruleConfigurationOverrides* \
notificationConfigurationOverrides* toolExecutionNotifications toolConfigurationNotifications \
exitCodeDescription exitSignalName exitSignalNumber processStartFailureMessage executionSuccessful! machine \
account processId executableLocation workingDirectory environmentVariables stdin stdout stderr stdoutStderr \
properties
suppression guid~guid kind! status justification location properties
automation description id guid~guid correlationGuid~guid properties
"""
_MEMBER = re.compile(
    r"(?P<name>[$\w]+)(:(?P<open>[\[{]?)(?P<inside>\w+)[\]}]?)?(?P<filled>\+)?(?P<unique>\*)?"
    r"(~(?P<pattern>\w+))?(>=(?P<least>-?\d))?(?P<required>!)?"
)
_PATTERNS = {
    "guid": re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"),
    "language": re.compile(r"[a-zA-Z]{2}(-[a-zA-Z]{2})?"),
}


class _Member(NamedTuple):
    """What the table says about one member."""

    inside: str
    kind: str
    is_filled: bool
    is_unique: bool
    pattern: str
    least: int | None
    is_required: bool


def lint(data: bytes, faults: Faults) -> None:
    """Note the departures of a SARIF text that decodes; files above `MAX_BYTES` are not looked at."""
    if len(data) > MAX_BYTES:
        return
    try:
        log = msgspec.json.decode(data)
    except UnicodeDecodeError:
        faults.add("text that is not UTF-8 stands in a member that was not needed", "$")
        return
    _Linter(faults).look_at_object(log, "log", "$")


@cache
def _shapes() -> dict[str, dict[str, _Member]]:
    shapes: dict[str, dict[str, _Member]] = {}
    for line in _SHAPES.strip().splitlines():
        shape, *members = line.split()
        shapes[shape] = {}
        for member in members:
            found = _MEMBER.fullmatch(member)
            assert found, member  # noqa: S101 - a fault of the table above
            least = found["least"]
            shapes[shape][found["name"]] = _Member(
                found["inside"] or "",
                found["open"] or "",
                bool(found["filled"]),
                bool(found["unique"]),
                found["pattern"] or "",
                int(least) if least else None,
                bool(found["required"]),
            )
    return shapes


class _Linter:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def look_at_object(self, value: object, shape: str, place: str) -> None:
        if not isinstance(value, dict):
            return  # reading it has already said so
        members = _shapes()[shape]
        for name, inner in value.items():
            member = members.get(name)
            if member is None:
                self._faults.add(f"unknown property {name!r:.60}", place)
            else:
                self._look_at_member(inner, member, f"{place}.{name}")
        for name, member in members.items():
            if member.is_required and name not in value:
                self._faults.add(f"required property {name!r} is missing", place)

    def _look_at_member(self, value: object, member: _Member, place: str) -> None:
        for problem in _departures(value, member):
            self._faults.add(f"{place.rpartition('.')[2]} {problem}", place)
        if not member.inside:
            return
        if not member.kind:
            self.look_at_object(value, member.inside, place)
        elif isinstance(value, list):
            for position, entry in enumerate(value[:_MAX_ENTRIES]):
                self.look_at_object(entry, member.inside, f"{place}[{position}]")
        elif isinstance(value, dict):
            for key, entry in value.items():
                self.look_at_object(entry, member.inside, f"{place}.{key:.60}")


def _departures(value: object, member: _Member) -> Iterator[str]:
    if isinstance(value, list):
        if member.is_filled and not value:
            yield "is empty"
        if member.is_unique and len({msgspec.json.encode(entry) for entry in value}) < len(value):
            yield "holds the same entry twice"
    if member.least is not None and isinstance(value, int | float) and value < member.least:
        yield f"is less than {member.least}"
    if member.pattern and not (isinstance(value, str) and _PATTERNS[member.pattern].fullmatch(value)):
        yield f"is not a {member.pattern}"
