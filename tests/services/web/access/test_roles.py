"""Of which municipalities a role sees exact figures, and which values of an issuer give which role."""

from __future__ import annotations

from typing import Any

import pytest

from services.web.access import Role
from services.web.access.areas import codes_of
from services.web.access.roles import RoleMap


def test_who_sees_what() -> None:
    assert codes_of(Role.NATIONAL, "") is None
    assert codes_of(Role.EVALUATOR, "") is None
    assert codes_of(Role.PUBLIC, "") == frozenset()
    region = codes_of(Role.REGION, "VR01")
    assert region is not None
    assert "GM0014" in region
    assert "GM0363" not in region


def test_an_area_that_is_none_shows_nothing() -> None:
    assert codes_of(Role.REGION, "VR99") == frozenset()
    assert codes_of(Role.MUNICIPALITY, "GM9999") == frozenset()
    assert codes_of(Role.MUNICIPALITY, "") == frozenset()


def test_a_municipality_is_followed_through_its_mergers() -> None:
    """Eemsdelta (GM1979) is what Appingedam, Delfzijl and Loppersum became on 1 January 2021."""
    assert codes_of(Role.MUNICIPALITY, "GM1979") == frozenset(("GM1979", "GM0003", "GM0010", "GM0024"))
    assert codes_of(Role.MUNICIPALITY, "GM0003") == frozenset(("GM0003", "GM1979"))


def test_what_was_split_up_is_followed_neither_way() -> None:
    """Haaren (GM0788) went to four others: the figures of the whole are of none of them."""
    assert codes_of(Role.MUNICIPALITY, "GM0788") == frozenset(("GM0788",))
    codes = codes_of(Role.MUNICIPALITY, "GM0757")
    assert codes is not None
    assert "GM0788" not in codes


@pytest.mark.parametrize(
    ("claims", "role", "area"),
    [
        ({"kindinbeeld": "national"}, Role.NATIONAL, ""),
        ({"kindinbeeld": ["else", "region:VR01"]}, Role.REGION, "VR01"),
        ({"kindinbeeld": ["municipality:GM0014", "evaluator"]}, Role.EVALUATOR, ""),
    ],
)
def test_a_value_is_a_role(claims: dict[str, Any], role: Role, area: str) -> None:
    viewer = RoleMap("kindinbeeld").viewer(claims | {"name": "A. de Vries"})
    assert viewer is not None
    assert (viewer.role, viewer.area, viewer.name) == (role, area, "A. de Vries")


@pytest.mark.parametrize(
    "value", [None, "", "public", "region", "region:VR99", "municipality:GM9999", "national:NL", {"national": 1}, 7]
)
def test_anything_else_is_none(value: Any) -> None:
    assert RoleMap("kindinbeeld").viewer({"kindinbeeld": value}) is None


def test_with_a_list_only_its_values_count() -> None:
    roles = RoleMap("realm_access.roles", {"crisis": "national", "gr": "municipality:GM0014", "hk": "region:VR01"})
    assert roles.viewer({"realm_access": {"roles": ["national"]}}) is None
    both = roles.viewer({"realm_access": {"roles": ["gr", "hk"]}, "sub": "7"})
    assert both is not None
    assert (both.role, both.name) == (Role.REGION, "7")
    assert both.exact("GM0014")


def test_who_has_several_municipalities_sees_all_of_them() -> None:
    viewer = RoleMap("k").viewer({"k": ["municipality:GM0014", "municipality:GM0363"]})
    assert viewer is not None
    assert viewer.codes is not None
    assert {"GM0014", "GM0363"} <= viewer.codes
