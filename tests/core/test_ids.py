"""Ids are in the order of the moments that they are made of, to the microsecond."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from taskmaster.core.ids import earliest_uuid7, uuid7

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 31)).map(  # noqa: DTZ001 (bounds)
    lambda moment: moment.replace(tzinfo=UTC)
)
LITTLE = st.integers(1, 2000).map(lambda number: timedelta(microseconds=number))


@given(MOMENTS, LITTLE)
def test_later_by_a_microsecond_is_greater(moment: datetime, little: timedelta) -> None:
    assert uuid7(moment) < uuid7(moment + little)


@given(MOMENTS)
def test_is_a_uuid_of_version_7(moment: datetime) -> None:
    found = uuid7(moment)
    assert found == str(UUID(found))
    assert (UUID(found).version, UUID(found).variant) == (7, UUID(uuid7()).variant)
    assert UUID(found).int >> 80 == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        milliseconds=1
    )
    assert uuid7(moment) != found


@given(MOMENTS, LITTLE)
def test_none_is_before_the_earliest_of_its_millisecond(
    moment: datetime, little: timedelta
) -> None:
    millisecond = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert earliest_uuid7(moment) == earliest_uuid7(millisecond) < uuid7(moment)
    assert uuid7(millisecond - little) < earliest_uuid7(moment)


def test_before_1970_is_before_all() -> None:
    assert earliest_uuid7(datetime(1, 1, 1, tzinfo=UTC)) == str(UUID(int=0))
