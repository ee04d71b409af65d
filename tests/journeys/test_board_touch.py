"""The board by touch: a finger that rests takes a task up; one that moves at once scrolls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.board import card, column, register_user, titles
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
Open = Callable[..., Page]
TABLET, PHONE = {"width": 1024, "height": 768}, {"width": 390, "height": 664}


@pytest.fixture
def open_board(module_server: Server, open_page: Open) -> Open:
    """Open the board of somebody new who has ten tasks, on a screen to touch."""

    def open_board(viewport: dict[str, int]) -> Page:
        page = open_page(module_server.url, viewport=viewport, has_touch=True, is_mobile=True)
        user = register_user(page)
        for number in range(10):
            user.create_task(f"Task {number}")
        expect(titles(page, "TO DO")).to_have_count(10)
        return page

    return open_board


class Finger:
    """One finger on a screen."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)

    def _send(self, kind: str, *points: dict[str, float]) -> None:
        event = {"type": kind, "touchPoints": list(points)}
        self._session.send("Input.dispatchTouchEvent", event)

    def touch(self, place: Locator | dict[str, float]) -> None:
        self._send("touchStart", place if isinstance(place, dict) else middle(place))

    def move(self, place: Locator | dict[str, float]) -> None:
        self._send("touchMove", place if isinstance(place, dict) else middle(place))

    def lift(self) -> None:
        self._send("touchEnd")


def middle(place: Locator) -> dict[str, float]:
    box = place.bounding_box()
    assert box
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


@contextmanager
def taken_up(page: Page, title: str) -> Iterator[Finger]:
    """Rest a finger on a task until it is taken up; lift it at the end."""
    finger = Finger(page)
    finger.touch(card(page, title))
    expect(page.locator(".dragged")).to_contain_text(title)
    yield finger
    finger.lift()
    expect(page.locator(".dragged, .aimed")).to_have_count(0)


def test_a_finger_that_rests_moves_a_task_to_a_column(open_board: Open) -> None:
    page = open_board(TABLET)
    with taken_up(page, "Task 7") as finger:
        finger.move(column(page, "DONE"))
        expect(column(page, "DONE")).to_have_class("column aimed")
    expect(titles(page, "DONE")).to_have_text(["Task 7"])
    assert page.evaluate("scrollY") == 0
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_on_a_phone_to_the_tab_of_a_column(open_board: Open) -> None:
    page = open_board(PHONE)
    tab = page.locator(".columns-tabs label", has_text="In progress")
    with taken_up(page, "Task 7") as finger:
        finger.move(tab)
        expect(tab).to_have_class("aimed")
    expect(titles(page, "IN PROGRESS")).to_have_text(["Task 7"])
    tab.tap()
    expect(card(page, "Task 7")).to_be_visible()


def test_what_is_dropped_where_it_was_stays_and_opens_nothing(open_board: Open) -> None:
    page = open_board(PHONE)
    with taken_up(page, "Task 7") as finger:
        finger.move(card(page, "Task 8"))
        expect(column(page, "TO DO")).to_have_class("column aimed")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(titles(page, "TO DO")).to_have_count(10)
    card(page, "Task 7").tap()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_a_finger_that_moves_at_once_scrolls(open_board: Open) -> None:
    page = open_board(PHONE)
    finger = Finger(page)
    # Measured before: a finger that rests takes the task up.
    start, *way = (
        middle(card(page, f"Task {number}")) for number in (6, 7, 8)
    )  # nearer to the top
    finger.touch(start)
    for place in way:
        finger.move(place)
    page.wait_for_function("scrollY > 0")
    finger.lift()
    expect(page.locator(".dragged")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_be_hidden()
