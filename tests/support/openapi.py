"""What every description of an HTTP interface is held to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jsonschema import Draft202012Validator
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.hypothesis import builder
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.schemas import APIOperation, BaseSchema

_NOT_MADE: Final = (
    builder.InvalidHeadersExampleMark,
    builder.InvalidRegexMark,
    builder.MissingPathParameters,
    builder.NonSerializableMark,
    builder.UnsatisfiableExampleMark,
    builder.UnserializablePayloadMark,
)


def operations_of(schema: BaseSchema) -> list[str]:
    """The operations of an interface as Schemathesis names them: ``GET /counts``."""
    return [*_operations(schema)]


def for_every_case(schema: BaseSchema, label: str, hold: Callable[[Any], None]) -> None:
    """Ask everything that Schemathesis makes up for one operation: what is wrong in a case is raised.

    As `schema.parametrize()` does; but that makes up all cases of all operations while tests are collected, which
    takes every worker most of a minute of processor time before the first test runs. This makes those of one, in its
    test.
    """
    load_all_checks()
    asked = build_operation_test(
        config=schema.config,
        operation=_operations(schema)[label],
        test_func=hold,
        given_kwargs={},
        feedback=FeedbackSources(constants_value_source=make_constants_value_source(schema)),
    )
    assert [mark for mark in _NOT_MADE if mark.is_set(asked)] == [], "cases that could not be made"
    asked()


def _operations(schema: BaseSchema) -> dict[str, APIOperation[Any, Any, Any, Any]]:
    found = {}
    for each in schema.get_all_operations():
        assert isinstance(each, Ok), each
        operation = each.ok()
        found[operation.label] = operation
    return found


def assert_sound(described: dict[str, Any]) -> None:
    """Every schema is one, and every reference leads somewhere."""
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    _follow(described, described)


def _follow(part: Any, described: dict[str, Any]) -> None:
    if isinstance(part, dict):
        target = part.get("$ref")
        if isinstance(target, str):
            found: Any = described
            for step in target.removeprefix("#/").split("/"):
                found = found[step]
        for each in part.values():
            _follow(each, described)
    elif isinstance(part, list):
        for each in part:
            _follow(each, described)
