"""What is wrong with a registry, and what of it has no effect. Values are never shown: some may be secret."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
from msgspec import inspect

from codeql_fixer.adapters.registry.fitting import faults_between
from codeql_fixer.adapters.registry.wire import LATER, File, registry_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    from codeql_fixer.adapters.registry.places import Fault, Path

DISAGREEMENT = "does not have the form that docs/reference/registry.md describes"  # a test shows that it is never told
_MOST_OF_A_PATTERN = 60  # longer ones help nobody
MOST_FAULTS = 25  # to tell of; nobody mends more at a time

_FORMS = {
    "required": "needs {0}",
    "type": "must be of type {0}",
    "enum": "must be one of {0}",
    "pattern": "must be {description}",
    "minimum": "must be at least {0}",
    "maximum": "must be at most {0}",
    "minLength": "must have at least {0} characters",
    "maxLength": "must have at most {0} characters",
    "maxItems": "must have at most {0} members",
    "maxProperties": "must have at most {0} members",
}


def faults_of(raw: object) -> list[Fault]:
    """Everything that is wrong: with single values, or when they are all right, with how they fit together."""
    try:
        file = msgspec.convert(raw, File)
    except msgspec.ValidationError:
        found = [_told(fault) for fault in islice(_validator().iter_errors(raw), MOST_FAULTS + 1)]
        return found or [((), DISAGREEMENT)]
    return list(faults_between(file))


def unknown_keys(raw: object) -> list[Fault]:
    """Keys that mean nothing; those that another version knows are told together."""
    found: list[Fault] = []
    later: dict[str, None] = {}
    for path, key, is_later in _unknown(raw, inspect.type_info(File), ()):
        if is_later:
            later[key] = None
        else:
            found.append((path, "unknown key, ignored"))
    if later:
        found.append(((), f"without effect in this version: {', '.join(later)}"))
    return found


def _unknown(raw: object, kind: inspect.Type, path: Path) -> Iterator[tuple[Path, str, bool]]:
    """Path, key and whether another version knows it, of every key without a field."""
    kind = _meant(raw, kind)
    if isinstance(kind, inspect.VarTupleType) and isinstance(raw, list):
        for position, member in enumerate(raw):
            yield from _unknown(member, kind.item_type, (*path, position))
    elif isinstance(kind, inspect.DictType) and isinstance(raw, dict):
        for key, member in raw.items():
            yield from _unknown(member, kind.value_type, (*path, key))
    elif isinstance(kind, inspect.StructType) and isinstance(raw, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        for key, member in raw.items():
            if key in fields:
                yield from _unknown(member, fields[key], (*path, key))
            else:
                yield (*path, key), key, key in LATER.get(kind.cls, ())


def _meant(raw: object, kind: inspect.Type) -> inspect.Type:
    """The type behind a description, and of several the one that has members as the value has."""
    if isinstance(kind, inspect.Metadata):
        return _meant(raw, kind.type)
    if isinstance(kind, inspect.UnionType):
        wanted = inspect.VarTupleType if isinstance(raw, list) else inspect.StructType
        return next((one for one in (_meant(raw, one) for one in kind.types) if isinstance(one, wanted)), kind)
    return kind


@cache
def _validator() -> jsonschema.Draft202012Validator:
    checker = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer",  # JSON Schema takes 1.0 for one; a whole number here has no fraction
        lambda _, value: isinstance(value, int) and not isinstance(value, bool),
    )
    strict = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
        jsonschema.Draft202012Validator, type_checker=checker
    )
    validator: jsonschema.Draft202012Validator = strict(registry_schema())
    return validator


def _told(fault: ValidationError) -> Fault:
    if fault.validator == "anyOf" and fault.context:  # the branch that came furthest is the one that was meant
        return _told(
            max(fault.context, key=lambda one: (len(one.absolute_path), one.validator != "type", -_is_null(one)))
        )
    wanted: Any = fault.validator_value
    value: Any = fault.instance
    schema: Any = fault.schema
    if fault.validator == "required":
        wanted = [name for name in wanted if name not in value]
    words = ", ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
    form = _FORMS.get(str(fault.validator), "breaks a rule of the schema: {0}")
    if fault.validator == "pattern" and len(words) <= _MOST_OF_A_PATTERN:
        form += ", in the form {0}"
    told = form.format(words, description=schema.get("description", "text of another form"))
    is_key = "propertyNames" in fault.absolute_schema_path
    return tuple(fault.absolute_path), f"the key {value!r:.60} {told}" if is_key else told


def _is_null(fault: ValidationError) -> bool:
    return fault.validator_value == "null"
