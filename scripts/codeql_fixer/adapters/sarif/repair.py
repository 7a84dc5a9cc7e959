"""Reads what can be read of a file whose JSON is sound but whose members have wrong types.

A wrong optional member is dropped with a warning. A wrong run or result is an error: dropping one would
turn "could not be read" into "no finding". Lists keep their length, since indices point into them.
"""

from __future__ import annotations

from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Raw, Struct, UnsetType

from codeql_fixer.adapters.sarif import wire
from codeql_fixer.errors import InputError

if TYPE_CHECKING:
    from codeql_fixer.adapters.sarif.faults import Faults

_S = TypeVar("_S", bound=Struct)


class _UnusableError(Exception):
    """The value does not fit its type in any way."""


def repair_log(data: object, source: str, faults: Faults) -> wire.Log:
    """Build the typed log from plain JSON values; results stay as they are.

    Raises:
        InputError: the log or a run is not an object.
    """
    return _whole(data, wire.Log, place="$", repair=_Repair(source, faults))


def repair_result(data: object, place: str, *, source: str, faults: Faults) -> wire.Result:
    """Build one typed result from plain JSON values.

    Raises:
        InputError: the result is not an object.
    """
    return _whole(data, wire.Result, place=place, repair=_Repair(source, faults))


def _whole(data: object, wanted: type[_S], *, place: str, repair: _Repair) -> _S:
    try:
        found = repair.value(data, wanted, place)
    except _UnusableError:
        raise InputError(repair.source, place, f"an object was expected, found {_kind(data)}") from None
    assert isinstance(found, wanted)  # noqa: S101 - the type argument decides it; this tells mypy
    return found


class _Repair:
    def __init__(self, source: str, faults: Faults) -> None:
        self.source, self._faults = source, faults

    def value(self, data: Any, wanted: Any, place: str) -> Any:  # noqa: ANN401 - walks any JSON value by its type
        options = [option for option in _options(wanted) if option not in {NoneType, UnsetType}]
        if data is None and NoneType in _options(wanted):
            return None
        if options == [Raw]:
            return Raw(msgspec.json.encode(data))
        for option in options:
            origin = get_origin(option)
            if isinstance(option, type) and issubclass(option, Struct):
                return self._struct(data, option, place)
            if origin is list and isinstance(data, list):
                return self._list(data, get_args(option)[0], place)
            if origin is dict and isinstance(data, dict):
                return self._dict(data, get_args(option)[1], place)
        try:
            return msgspec.convert(data, wanted)
        except msgspec.ValidationError:
            raise _UnusableError from None

    def _struct(self, data: Any, wanted: type[Struct], place: str) -> Struct:  # noqa: ANN401
        if not isinstance(data, dict):
            raise _UnusableError
        values = {}
        hints = get_type_hints(wanted)
        for info in msgspec.structs.fields(wanted):
            if info.encode_name not in data:
                continue
            inner = f"{place}.{info.encode_name}"
            try:
                values[info.name] = self.value(data[info.encode_name], hints[info.name], inner)
            except _UnusableError:
                if info.encode_name in {"runs", "results"}:
                    problem = f"a list was expected, found {_kind(data[info.encode_name])}"
                    raise InputError(self.source, inner, problem) from None
                problem = f"{info.encode_name} ignored: wrong type {_kind(data[info.encode_name])}"
                self._faults.add(problem, inner)
        return wanted(**values)

    def _list(self, data: list[Any], wanted: Any, place: str) -> list[Any]:  # noqa: ANN401
        return [self._element(item, wanted, f"{place}[{position}]") for position, item in enumerate(data)]

    def _element(self, item: Any, wanted: Any, place: str) -> Any:  # noqa: ANN401
        try:
            return self.value(item, wanted, place)
        except _UnusableError:
            if wanted is wire.Run:
                raise InputError(self.source, place, f"an object was expected, found {_kind(item)}") from None
            self._faults.add(f"entry ignored: wrong type {_kind(item)}", place)
            return wanted()

    def _dict(self, data: dict[str, Any], wanted: Any, place: str) -> dict[str, Any]:  # noqa: ANN401
        values = {}
        for key, item in data.items():
            try:
                values[key] = self.value(item, wanted, f"{place}.{key:.60}")
            except _UnusableError:
                self._faults.add(f"entry ignored: wrong type {_kind(item)}", f"{place}.{key:.60}")
        return values


def _options(wanted: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return get_args(wanted) if get_origin(wanted) in {Union, UnionType} else (wanted,)


def _kind(value: object) -> str:
    names = {
        dict: "object",
        list: "array",
        str: "string",
        bool: "boolean",
        int: "number",
        float: "number",
        NoneType: "null",
    }
    return names.get(type(value), "value")
