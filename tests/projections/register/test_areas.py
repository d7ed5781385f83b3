"""Every municipality lies in one province and one safety region of its own code, on every day."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from projections.register import codes_between, codes_on, municipalities
from projections.register.areas import Area, AreaKind, area_of, areas, members, province_of, region_of

DAY_2020 = date(2020, 4, 1).toordinal()
DAY_2021 = date(2021, 1, 11).toordinal()
DAY_2023 = date(2023, 1, 1).toordinal()


def test_an_area_of_every_kind() -> None:
    assert area_of("NL") == Area(AreaKind.COUNTRY, "NL", "Nederland")
    assert area_of("PV20") == Area(AreaKind.PROVINCE, "PV20", "Groningen")
    assert area_of("PV31") == Area(AreaKind.PROVINCE, "PV31", "Limburg")
    assert area_of("VR05") == Area(AreaKind.REGION, "VR05", "Twente")
    assert area_of("GM0014") == Area(AreaKind.MUNICIPALITY, "GM0014", "Groningen")
    assert area_of("GM0003") == Area(AreaKind.MUNICIPALITY, "GM0003", "Appingedam")
    assert [area_of(code) for code in ("unknown", "PV19", "VR26", "GM9999", "")] == [None] * 5


@pytest.mark.parametrize(("day", "count"), [(DAY_2020, 355), (DAY_2021, 352), (DAY_2023, 342)])
def test_as_many_areas_as_there_are(day: int, count: int) -> None:
    assert [area.code for area in areas(AreaKind.COUNTRY, day)] == ["NL"]
    assert [area.code for area in areas(AreaKind.PROVINCE, day)] == [f"PV{n}" for n in range(20, 32)]
    assert [area.code for area in areas(AreaKind.REGION, day)] == [f"VR{n:02}" for n in range(1, 26)]
    assert [area.code for area in areas(AreaKind.MUNICIPALITY, day)] == list(codes_on(day))
    assert len(codes_on(day)) == count


@pytest.mark.parametrize("kind", AreaKind)
def test_the_areas_of_a_kind_share_the_municipalities_out(kind: AreaKind) -> None:
    for day in (DAY_2020, DAY_2021, DAY_2023):
        shared = Counter(code for area in areas(kind, day) for code in members(area.code, day, day))
        assert shared == Counter(codes_on(day))


def test_members_of_a_span_are_those_of_any_of_its_days() -> None:
    eve = date(2020, 12, 31).toordinal()
    assert {"GM0003", "GM1979"} <= set(members("PV20", eve, eve + 1))
    assert "GM1979" not in members("PV20", eve, eve)
    assert "GM0003" not in members("PV20", eve + 1, eve + 1)
    assert members("NL", eve, eve + 1) == codes_between(eve, eve + 1)
    assert members("GM0003", eve, eve + 1) == ("GM0003",)
    assert members("GM0003", eve + 1, eve + 1) == ()
    with pytest.raises(ValueError, match="no area"):
        members("unknown", eve, eve)


def test_a_merger_over_a_border_leaves_each_code_its_own_region() -> None:
    last = date(2022, 3, 23)
    weesp, amsterdam = region_of("GM0457"), region_of("GM0363")
    assert weesp == area_of("VR14")
    assert amsterdam == area_of("VR13")
    assert "GM0457" in members("VR14", last.toordinal(), last.toordinal())
    after = (last + timedelta(1)).toordinal()
    assert "GM0457" not in members("VR14", after, after) + members("VR13", after, after)


def test_every_code_has_a_province_and_a_region() -> None:
    for known in municipalities():
        province, region = province_of(known.code), region_of(known.code)
        assert province is not None
        assert region is not None
        assert (province.name, region.code) == (known.province, known.safety_region)
    assert province_of("unknown") is None
    assert region_of("GM9999") is None
