"""The board in a real browser, by one person: make, change, move, find, delete, bring back."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import User, succeed
from tests.support.board import add, card, column, edit, expect_count, register_user, save, titles
from tests.support.server import Server

# What a browser does is the same on both databases; one is enough.
pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
Open = Callable[..., Page]


@pytest.fixture
def page(module_server: Server, open_page: Open) -> Page:
    """The board of somebody new."""
    page = open_page(module_server.url)
    page.user = register_user(page)  # type: ignore[attr-defined]
    return page


@pytest.fixture
def user(page: Page) -> User:
    """The same, by the API."""
    return page.user  # type: ignore[attr-defined]


def only_task(user: User) -> dict[str, object]:
    (task,) = succeed(user.get("tasks/"))["results"]
    return dict(task)


def test_a_new_user_is_told_what_to_try(page: Page) -> None:
    expect(page.get_by_role("heading", name="Try this")).to_be_visible()
    commands = page.locator("#commands")
    expect(commands).to_contain_text("/api/v1/auth/login/")
    expect(commands).to_contain_text(page.user.username)  # type: ignore[attr-defined]
    add(page, "<b>Water</b> the plants")
    expect(titles(page, "TO DO")).to_have_text(["<b>Water</b> the plants"])
    expect(page.get_by_role("heading", name="Try this")).to_be_hidden()
    expect_count(page, "TO DO", "1")


def test_all_of_a_task_is_made_and_changed_in_a_dialog(page: Page, user: User) -> None:
    page.get_by_label("Title of the new task").fill("Write")
    page.get_by_role("button", name="Details").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Title")).to_have_value("Write")
    dialog.get_by_label("Description").fill("Two\nlines")
    dialog.get_by_label("Priority").select_option("High")
    dialog.get_by_label("Due").fill("2030-05-17")
    save(dialog)
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Title of the new task")).to_have_value("")
    expect(card(page, "Write")).to_contain_text("May 17, 2030")
    made = only_task(user)
    assert made["description"] == "Two\nlines"
    assert (made["priority"], made["due_date"]) == ("HIGH", "2030-05-17T00:00:00.000000+00:00")

    dialog = edit(page, "Write")
    dialog.get_by_label("Title").fill("Read")
    dialog.get_by_label("Column").select_option("Done")
    dialog.get_by_label("Due").fill("")
    save(dialog)
    expect(titles(page, "DONE")).to_have_text(["Read"])
    changed = {"title": "Read", "status_task": "DONE", "due_date": None}
    assert only_task(user) | {"last_updated": ""} == made | changed | {"last_updated": ""}


def test_what_is_wrong_stands_beside_its_field_until_it_is_mended(page: Page) -> None:
    page.get_by_role("button", name="Details").click()
    dialog = page.get_by_role("dialog")
    save(dialog)
    expect(dialog.locator("#editor-title-error")).to_have_text("Please fill this in.")
    dialog.get_by_label("Title").fill("x")
    expect(dialog.locator("#editor-title-error")).to_be_hidden()
    dialog.get_by_label("At").fill("10:00")
    save(dialog)
    expect(dialog.locator("#editor-due_date-error")).to_have_text("A time needs a date.")
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Go on").click()  # what was typed is there again
    expect(dialog.get_by_label("Title")).to_have_value("x")


def by_button(page: Page) -> None:
    card(page, "One").get_by_role("button", name="Move One to In progress").click()


def by_mouse(page: Page) -> None:
    card(page, "One").drag_to(column(page, "IN PROGRESS"))


def by_keyboard(page: Page) -> None:
    card(page, "One").locator(".title").focus()
    page.keyboard.press("Shift+ArrowRight")


@pytest.mark.parametrize("move", [by_button, by_mouse, by_keyboard])
def test_a_task_moves(page: Page, user: User, move: Callable[[Page], None]) -> None:
    add(page, "One")
    expect(titles(page, "TO DO")).to_have_text(["One"])
    move(page)
    expect(titles(page, "IN PROGRESS")).to_have_text(["One"])
    expect(page.locator("#news")).to_contain_text("is in In progress now.")
    assert only_task(user)["status_task"] == "IN PROGRESS"
    if move is by_keyboard:
        expect(card(page, "One").locator(".title")).to_be_focused()


def test_a_drag_that_ends_where_it_began_moves_and_opens_nothing(page: Page) -> None:
    add(page, "One")
    place = card(page, "One").bounding_box()
    assert place
    x, y = place["x"] + place["width"] / 2, place["y"] + 10
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20)
    expect(page.locator(".dragged")).to_contain_text("One")
    page.mouse.up()
    expect(page.locator(".dragged, .aimed")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(titles(page, "TO DO")).to_have_text(["One"])


def test_escape_ends_a_drag(page: Page, user: User) -> None:
    add(page, "One")
    card(page, "One").hover()
    page.mouse.down()
    column(page, "DONE").hover()
    expect(page.locator(".dragged")).to_contain_text("One")
    page.keyboard.press("Escape")
    expect(page.locator(".dragged, .aimed")).to_have_count(0)
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert only_task(user)["status_task"] == "TO DO"


def test_keys_go_from_task_to_task_and_delete(page: Page, user: User) -> None:
    for title in ("Third", "Second", "First"):
        user.create_task(title)
    user.create_task("Beside", status_task="IN PROGRESS")
    expect(titles(page, "TO DO")).to_have_text(["First", "Second", "Third"])
    expect(titles(page, "IN PROGRESS")).to_have_count(1)
    card(page, "First").locator(".title").focus()
    for key, title in (("ArrowDown", "Second"), ("ArrowUp", "First"), ("ArrowRight", "Beside")):
        page.keyboard.press(key)
        expect(card(page, title).locator(".title")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(titles(page, "TO DO")).to_have_text(["Second", "Third"])
    expect(card(page, "Second").locator(".title")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(titles(page, "TO DO")).to_have_text(["First", "Second", "Third"])


def test_undo_brings_back_the_same_task(page: Page, user: User) -> None:
    made = user.create_task("One", description="All of it", due_date="2030-05-17T12:30:00Z")
    card(page, "One").get_by_role("button", name="Delete One").click()
    expect(page.locator(".task")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(titles(page, "TO DO")).to_have_text(["One"])
    assert only_task(user) == made


def test_search_filters_and_orders_are_kept_in_the_address(page: Page, user: User) -> None:
    user.create_task("Café", priority="HIGH", due_date="2000-01-01T00:00:00Z")
    user.create_task("Bank", priority="HIGH", due_date="2100-01-01T00:00:00Z")
    user.create_task("Cafeteria", priority="LOW", due_date="2000-01-01T00:00:00Z")
    user.create_task("Closed", status_task="DONE", due_date="2000-01-01T00:00:00Z")
    expect(titles(page, "TO DO")).to_have_text(["Cafeteria", "Bank", "Café"])
    page.get_by_label("Order").select_option("By title")
    expect(titles(page, "TO DO")).to_have_text(["Bank", "Café", "Cafeteria"])
    page.get_by_label("Search").fill("cafe")
    expect(titles(page, "TO DO")).to_have_text(["Café", "Cafeteria"])
    page.get_by_label("Priority").first.select_option("High priority")
    expect(titles(page, "TO DO")).to_have_text(["Café"])
    expect_count(page, "TO DO", "1")
    page.reload()
    expect(titles(page, "TO DO")).to_have_text(["Café"])
    page.get_by_label("Search").fill("")
    expect(titles(page, "TO DO")).to_have_text(["Bank", "Café"])
    page.get_by_label("Overdue").check()
    expect(titles(page, "TO DO")).to_have_text(["Café"])
    expect(column(page, "DONE")).to_contain_text("Nothing that fits.")  # done is never overdue
    user.create_task("Café two", priority="HIGH", due_date="2001-01-01T00:00:00Z")
    expect(titles(page, "TO DO")).to_have_text(["Café", "Café two"])
    expect_count(page, "TO DO", "2")


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", ["Yesterday", "Today", "Tomorrow"]),
        ("Asia/Tokyo", ["Yesterday", "Today", "Tomorrow"]),
        ("America/New_York", ["Today", "Tomorrow", "In 2 days"]),
    ],
)
def test_dates_are_the_readers_own(
    module_server: Server, open_page: Open, zone: str, days: list[str]
) -> None:
    """It is 01:30Z on the 6th; in New York still the 5th."""
    page = open_page(module_server.url, timezone_id=zone, locale="en-US")
    page.clock.set_fixed_time("2030-03-06T01:30:00Z")
    user = register_user(page)
    for day in ("05", "06", "07"):
        user.create_task(day, due_date=f"2030-03-{day}T00:00:00Z")
    texts = [f"Overdue: {days[0]}" if days[0] == "Yesterday" else days[0], *days[1:]]
    for day, text in zip(("05", "06", "07"), texts, strict=True):
        expect(card(page, day).locator(".due")).to_have_text(text)
    dialog = edit(page, "05")
    expect(dialog.get_by_label("Due")).to_have_value("2030-03-05")
    dialog.get_by_label("Due").fill("2030-03-08")
    dialog.get_by_label("At").fill("19:00")  # in New York exactly 00:00Z, and a time all the same
    save(dialog)
    expect(card(page, "05").locator(".due")).to_contain_text("7:00 PM")
    page.get_by_label("Overdue").check()
    expect(page.locator(".task")).to_have_count(0)


def test_no_markup_of_a_task_is_taken_for_the_pages_own(page: Page, user: User) -> None:
    nasty = "<img src=x onerror=alert(1)> \u202e\u0000".replace("\0", "&amp;")
    user.create_task(nasty, description=json.dumps({"<script>": "</li>"}))
    expect(titles(page, "TO DO")).to_have_text([nasty])
    assert page.locator(".task img").count() == 0


def test_the_buttons_of_a_task_cover_neither_its_text_nor_its_focus(page: Page, user: User) -> None:
    user.create_task("word " * 15)
    page.reload()  # nothing is marked any more
    task = card(page, "word")
    task.locator(".title").press("ArrowDown")
    assert task.evaluate("(task) => getComputedStyle(task).outlineStyle") == "solid"
    task.hover()
    title, button = (task.locator(name).bounding_box() for name in (".title", ".right"))
    assert title
    assert button
    assert button["x"] >= title["x"] + title["width"]
