"""SARIF 2.1.0 as it is on the wire: the members this product reads, typed for msgspec.

Every member has a default, because files in the wild leave out required ones; `repair.py` deals with
members of a wrong type. Names and meanings: SARIF 2.1.0 (OASIS, errata 01), section numbers per class.
Results stay undecoded (`Raw`) until their turn comes, so that only one is in memory twice. Traces stay so for good:
they are most of a large file and only dispatched issues need them. Rule references repeat, so their text is the key
under which the rule is remembered (docs/adr/0003).
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, field

# What decoding a part that was left `Raw` can raise: text is checked only when it is decoded.
UNREADABLE = (DecodeError, UnicodeDecodeError)


class _Wire(Struct, gc=False, rename="camel"):
    """Base: camelCase on the wire; not tracked by the collector, since these values form no cycles."""


class MultiformatMessage(_Wire):
    """3.12 multiformatMessageString."""

    text: str | None = None
    markdown: str | None = None


class Message(_Wire):
    """3.11 message: either text or the id of a message string of the rule, with arguments."""

    text: str | None = None
    id: str | None = None
    arguments: list[str] | None = None


class ArtifactLocation(_Wire):
    """3.4 artifactLocation: a URI, or an index into `run.artifacts`."""

    uri: str | None = None
    uri_base_id: str | None = None
    index: int = -1


class Snippet(_Wire):
    """3.3 artifactContent."""

    text: str | None = None


class Region(_Wire):
    """3.30 region; lines and columns count from 1."""

    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    snippet: Snippet | None = None


class PhysicalLocation(_Wire):
    """3.29 physicalLocation."""

    artifact_location: ArtifactLocation | None = None
    region: Region | None = None


class Location(_Wire):
    """3.28 location."""

    physical_location: PhysicalLocation | None = None
    message: Message | None = None


class ThreadFlowLocation(_Wire):
    """3.38 threadFlowLocation."""

    location: Location | None = None


class ThreadFlow(_Wire):
    """3.37 threadFlow."""

    locations: list[ThreadFlowLocation] = []


class CodeFlow(_Wire):
    """3.36 codeFlow."""

    thread_flows: list[ThreadFlow] = []


class Suppression(_Wire):
    """3.35 suppression: counts only when its status is absent or `accepted`."""

    kind: str | None = None
    status: str | None = None


class ToolComponentReference(_Wire):
    """3.54 toolComponentReference."""

    name: str | None = None
    index: int = -1
    guid: str | None = None


class RuleReference(_Wire):
    """3.52 reportingDescriptorReference."""

    id: str | None = None
    index: int = -1
    tool_component: ToolComponentReference | None = None


class Properties(_Wire):
    """3.8 property bags: the keys that CodeQL, GitHub and other tools give a meaning to."""

    tags: list[str] | None = None
    security_severity: str | float | None = field(default=None, name="security-severity")
    problem_severity: str | None = field(default=None, name="problem.severity")
    precision: str | None = None
    cwe: str | list[str] | None = None


class Result(_Wire):
    """3.27 result."""

    rule_id: str | None = None
    rule_index: int = -1
    rule: Raw | UnsetType = UNSET
    kind: str | None = None
    level: str | None = None
    message: Message | None = None
    locations: list[Location] | None = None
    related_locations: Raw | UnsetType = UNSET
    code_flows: Raw | UnsetType = UNSET
    suppressions: list[Suppression] | None = None
    baseline_state: str | None = None
    fingerprints: dict[str, str] | None = None
    partial_fingerprints: dict[str, str] | None = None
    properties: Properties | None = None


class ReportingConfiguration(_Wire):
    """3.50 reportingConfiguration."""

    enabled: bool | None = None
    level: str | None = None


class Relationship(_Wire):
    """3.53 reportingDescriptorRelationship."""

    target: RuleReference | None = None


class ReportingDescriptor(_Wire):
    """3.49 reportingDescriptor: a rule."""

    id: str | None = None
    name: str | None = None
    short_description: MultiformatMessage | None = None
    full_description: MultiformatMessage | None = None
    help: MultiformatMessage | None = None
    message_strings: dict[str, MultiformatMessage] | None = None
    default_configuration: ReportingConfiguration | None = None
    properties: Properties | None = None
    relationships: list[Relationship] | None = None


class ToolComponent(_Wire):
    """3.19 toolComponent: the driver or an extension."""

    name: str | None = None
    guid: str | None = None
    version: str | None = None
    semantic_version: str | None = None
    rules: list[ReportingDescriptor] | None = None


class Tool(_Wire):
    """3.18 tool."""

    driver: ToolComponent | None = None
    extensions: list[ToolComponent] | None = None


class Notification(_Wire):
    """3.58 notification: what the tool says about its own work."""

    message: Message | None = None
    level: str | None = None
    locations: list[Location] | None = None
    descriptor: RuleReference | None = None


class ConfigurationOverride(_Wire):
    """3.51 configurationOverride."""

    descriptor: RuleReference | None = None
    configuration: ReportingConfiguration | None = None


class Invocation(_Wire):
    """3.20 invocation."""

    command_line: str | None = None
    arguments: list[str] | None = None
    rule_configuration_overrides: list[ConfigurationOverride] | None = None
    execution_successful: bool | None = None
    tool_execution_notifications: list[Notification] | None = None
    tool_configuration_notifications: list[Notification] | None = None
    working_directory: ArtifactLocation | None = None


class AutomationDetails(_Wire):
    """3.17 runAutomationDetails."""

    id: str | None = None


class Artifact(_Wire):
    """3.24 artifact."""

    location: ArtifactLocation | None = None


class VersionControlDetails(_Wire):
    """3.23 versionControlDetails."""

    revision_id: str | None = None


class ExternalFiles(_Wire):
    """3.15 externalPropertyFileReferences: present `results` are kept in other files."""

    results: list[Any] | None = None


class RunProperties(_Wire):
    """3.8 property bag of a run: how CodeQL's action marks runs on changes only, and what Bandit counts per file."""

    incremental_mode: Any = None
    metrics: Any = None


class Run(_Wire):
    """3.14 run."""

    properties: RunProperties | None = None
    tool: Tool | None = None
    results: list[Raw] | None = None
    invocations: list[Invocation] | None = None
    artifacts: list[Artifact] | None = None
    original_uri_base_ids: dict[str, ArtifactLocation] | None = None
    automation_details: AutomationDetails | None = None
    version_control_provenance: list[VersionControlDetails] | None = None
    external_property_file_references: ExternalFiles | None = None


class Log(_Wire):
    """3.13 sarifLog."""

    version: str | None = None
    runs: list[Run] | None = None
