"""Volumes against numerical integration of the cross-section, and against closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.geometry import Vessel, Vessels

UPRIGHT = Vessel(shape="vertical_cylinder", diameter_m=12.0, height_m=12.0)
SPHERE = Vessel(shape="sphere", diameter_m=12.3)
FLAT = Vessel(shape="horizontal_cylinder", diameter_m=3.0, length_m=10.0)
DISHED = Vessel(shape="horizontal_cylinder", diameter_m=3.0, length_m=10.0, head_depth_m=0.75)
STRAPPED = Vessel(shape="table", table=((0.0, 0.0), (1.0, 90.0), (2.0, 200.0), (5.0, 560.0)))
ALL = (UPRIGHT, SPHERE, FLAT, DISHED, STRAPPED, None)


def surface(vessel: Vessel, level: float) -> float:
    """Surface of the liquid in m2, from the shape alone."""
    radius = vessel.diameter_m / 2
    if vessel.shape == "vertical_cylinder":
        return math.pi * radius**2
    half_chord = math.sqrt(max(level * (2 * radius - level), 0.0))
    if vessel.shape == "sphere":
        return math.pi * half_chord**2
    # straight part: a rectangle; two half-ellipses with semi-axes (depth shrunk as the chord is, half chord)
    depth = vessel.head_depth_m * half_chord / radius
    return vessel.length_m * 2 * half_chord + math.pi * depth * half_chord


def integrated(vessel: Vessel, level: float, steps: int = 4000) -> float:
    """Volume by Simpson's rule in an angle, which takes the infinite slope of a chord at the bottom away."""
    radius = vessel.diameter_m / 2 if vessel.shape != "vertical_cylinder" else vessel.height_m / 2
    end = math.acos(1 - level / radius)

    def slice_of(angle: float) -> float:
        return surface(vessel, radius * (1 - math.cos(angle))) * radius * math.sin(angle)

    width = end / steps
    inner = sum((4 if step % 2 else 2) * slice_of(step * width) for step in range(1, steps))
    return (slice_of(0.0) + inner + slice_of(end)) * width / 3


def volume(vessel: Vessel | None, value: float, metres: float = 1.0) -> float:
    return float(Vessels.of([vessel], [metres]).volume(np.array([value]))[0])


@pytest.mark.parametrize("vessel", [UPRIGHT, SPHERE, FLAT, DISHED])
@pytest.mark.parametrize("share", [0.001, 0.2, 0.5, 0.77, 1.0])
def test_volumes_equal_the_integral_of_the_surface(vessel: Vessel, share: float) -> None:
    level = share * vessel.top_m
    assert volume(vessel, level) == pytest.approx(integrated(vessel, level), rel=1e-6)


def test_full_vessels() -> None:
    assert volume(SPHERE, 12.3) == pytest.approx(math.pi * 12.3**3 / 6)
    assert volume(FLAT, 3.0) == pytest.approx(math.pi / 4 * 9 * 10)
    hemispherical = Vessel(shape="horizontal_cylinder", diameter_m=3.0, length_m=10.0, head_depth_m=1.5)
    assert volume(hemispherical, 3.0) == pytest.approx(math.pi / 4 * 9 * 10 + math.pi * 27 / 6)
    assert volume(DISHED, 3.0) == pytest.approx(math.pi / 4 * 9 * 10 + math.pi * 27 / 12)


@pytest.mark.parametrize("vessel", ALL)
def test_outside_of_the_vessel_it_is_empty_or_full_and_no_number_stays_none(vessel: Vessel | None) -> None:
    assert math.isnan(volume(vessel, math.nan))
    if vessel is not None:
        assert volume(vessel, -3.0) == volume(vessel, 0.0) == 0.0
        assert volume(vessel, 99.0) == volume(vessel, vessel.top_m)


def test_no_vessel_is_the_value_itself() -> None:
    assert volume(None, -7.5, 0.001) == -7.5


def test_a_strapping_table_is_interpolated() -> None:
    assert volume(STRAPPED, 1.5) == 145.0
    assert volume(STRAPPED, 1500.0, 0.001) == 145.0


def test_levels_in_millimetres() -> None:
    for vessel in (UPRIGHT, SPHERE, FLAT, DISHED):
        assert volume(vessel, 1234.0, 0.001) == pytest.approx(volume(vessel, 1.234))


@pytest.mark.parametrize("vessel", [UPRIGHT, SPHERE, FLAT, DISHED])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
def test_the_area_is_the_surface(vessel: Vessel, share: float) -> None:
    level = share * vessel.top_m
    columns = Vessels.of([vessel, None], [1.0, 1.0])
    area = columns.area(np.array([level, 3.0]))
    assert area[0] == pytest.approx(surface(vessel, level), rel=1e-4)
    assert area[1] == pytest.approx(1.0)
    in_mm = Vessels.of([vessel], [0.001]).area(np.array([level * 1000]))[0]
    assert in_mm == pytest.approx(area[0] / 1000)


def test_the_area_is_never_nothing() -> None:
    columns = Vessels.of(ALL, [1.0] * len(ALL))
    for level in (-1.0, 0.0, 3.0, 12.3, 50.0):
        assert (columns.area(np.full(len(ALL), level)) > 0).all()


@given(st.lists(st.integers(0, len(ALL) - 1), min_size=1, max_size=6), st.floats(-1, 15), st.floats(-1, 15))
def test_columns_equal_one_vessel_at_a_time_and_volumes_grow(chosen: list[int], one: float, other: float) -> None:
    vessels = [ALL[place] for place in chosen]
    columns = Vessels.of(vessels, [1.0] * len(vessels))
    low, high = sorted((one, other))
    matrix = np.tile([low, high], (len(vessels), 1))
    together = columns.volume(matrix)
    assert together.tolist() == [[volume(vessel, low), volume(vessel, high)] for vessel in vessels]
    assert (together[:, 0] <= together[:, 1]).all()
    places = np.arange(len(vessels))[::-1].astype(np.intp)
    assert columns.volume(matrix, places).tolist() == together[::-1].tolist()
    assert columns.area(matrix[:, 0], places).tolist() == columns.area(matrix[:, 0])[::-1].tolist()


@pytest.mark.parametrize(
    ("vessel", "field"),
    [
        (Vessel(shape="sphere"), "diameter_m"),
        (Vessel(shape="sphere", diameter_m=math.nan), "diameter_m"),
        (Vessel(shape="vertical_cylinder", diameter_m=12.0), "height_m"),
        (Vessel(shape="horizontal_cylinder", diameter_m=3.0), "length_m"),
        (Vessel(shape="horizontal_cylinder", diameter_m=3.0, length_m=9.0, head_depth_m=1.6), "head_depth_m"),
        (Vessel(shape="horizontal_cylinder", diameter_m=3.0, length_m=9.0, head_depth_m=-0.1), "head_depth_m"),
        (Vessel(shape="table", table=((0.0, 0.0),)), "table"),
        (Vessel(shape="table", table=((0.0, 0.0), (1.0, math.nan))), "table"),
        (Vessel(shape="table", table=((0.0, 0.0), (1.0, 5.0), (1.0, 6.0))), "table"),
        (Vessel(shape="table", table=((0.0, 0.0), (1.0, 5.0), (2.0, 4.0))), "table"),
    ],
)
def test_mistakes(vessel: Vessel, field: str) -> None:
    assert [found for found, _, _ in vessel.mistakes()] == [field]


@pytest.mark.parametrize("vessel", [UPRIGHT, SPHERE, FLAT, DISHED, STRAPPED])
def test_good_vessels_have_no_mistake(vessel: Vessel) -> None:
    assert list(vessel.mistakes()) == []
