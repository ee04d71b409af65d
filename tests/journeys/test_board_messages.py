"""What the board says of what was done, to who sees it and to who hears it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import User
from tests.support.board import add, card, edit, quoted, register_user, save, titles, toast
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)

NEARLY = 6000  # milliseconds; a message with a button is there for ten seconds

# How far a text begins and ends from its element's left and right edge, in pixels.
GAPS = """(whole) => {
  const range = document.createRange();
  range.selectNodeContents(whole);
  const [inner, outer] = [range.getBoundingClientRect(), whole.getBoundingClientRect()];
  return [inner.left - outer.left, outer.right - inner.right];
}"""


@pytest.fixture
def page(module_server: Server, open_page: Callable[..., Page]) -> Page:
    return open_page(module_server.url, "status of 410")


user = pytest.fixture(register_user)


def test_a_new_task_is_told_of_also_where_a_filter_hides_it(page: Page, user: User) -> None:
    user.create_task("Water", status_task="DONE")
    add(page, "One")
    news = page.locator("#news")
    expect(news).to_have_text(f"{quoted('One')} is added to To do.")
    page.get_by_label("Search").fill("water")
    expect(titles(page, "TO DO")).to_have_count(0)
    add(page, "Two")
    expect(news).to_have_text(f"{quoted('Two')} is added to To do. The filters may hide it.")
    page.get_by_role("button", name="Details").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title").fill("Three")
    dialog.get_by_label("Column").select_option("Done")
    save(dialog)
    expect(news).to_have_text(f"{quoted('Three')} is added to Done. The filters may hide it.")


def test_undo_leaves_the_focus_to_the_task_that_is_back(page: Page, user: User) -> None:
    for title in ("Two", "One"):
        user.create_task(title)
    card(page, "One").get_by_role("button", name="Delete One").click()
    expect(titles(page, "TO DO")).to_have_text(["Two"])
    undo = page.get_by_role("button", name="Undo")
    undo.focus()
    undo.press("Enter")
    expect(card(page, "One").locator(".title")).to_be_focused()
    expect(page.locator("#news")).to_have_text(f"{quoted('One')} is back.")


def test_a_message_comes_into_a_region_that_is_there(page: Page, user: User) -> None:
    """What comes together with its region is not read out by most that read pages out."""
    user.create_task("One")
    page.evaluate("document.querySelectorAll('[aria-live]').forEach((one) => (one.known = true))")
    is_heard = "(toast) => !toast.role && toast.parentElement.closest('[aria-live]').known"
    card(page, "One").get_by_role("button", name="Delete One").click()
    assert toast(page, f"{quoted('One')} is deleted.").evaluate(is_heard)
    gone = {"status": 410, "json": {"code": "position_expired", "detail": "It is gone."}}
    of_type = "application/problem+json"
    page.route("**/restore/", lambda route: route.fulfill(**gone, content_type=of_type))
    page.get_by_role("button", name="Undo").click()
    assert toast(page, f"{quoted('One')} was not brought back. It is gone.").evaluate(is_heard)


def test_a_dialog_hides_no_message(page: Page, user: User) -> None:
    for title in ("Two", "One"):
        user.create_task(title)
    page.reload()  # nothing is told any more
    page.clock.install()
    card(page, "One").get_by_role("button", name="Delete One").click()
    deleted = toast(page, f"{quoted('One')} is deleted.")
    expect(deleted).to_be_visible()
    dialog = edit(page, "Two")
    user.create_task("Three")
    expect(dialog.get_by_role("status")).to_have_text(f"New elsewhere: {quoted('Three')}.")
    page.clock.fast_forward(NEARLY)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".heard")).to_be_empty()
    page.clock.fast_forward(NEARLY)
    expect(deleted).to_be_visible()
    page.clock.fast_forward(NEARLY)
    expect(deleted).to_have_count(0)


@pytest.mark.parametrize("field", ["Title of the new task", "Search"])
@pytest.mark.parametrize("others", [["One too"], []])
def test_undo_by_key_leaves_what_was_typed(
    page: Page, user: User, field: str, others: list[str]
) -> None:
    for title in ("One", *others):
        user.create_task(title)
    expect(titles(page, "TO DO")).to_have_count(1 + len(others))
    typed = page.get_by_label(field)
    typed.press_sequentially("one")
    page.get_by_role("button", name="Delete One", exact=True).click()
    expect(titles(page, "TO DO")).to_have_text(others)
    page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Delete One", exact=True)).to_be_visible()
    expect(typed).to_have_value("one")
    typed.press("Control+z")
    expect(typed).not_to_have_value("one")


def test_undo_by_key_takes_no_other_offer(page: Page, user: User) -> None:
    for title in ("Two", "One"):
        user.create_task(title)
    card(page, "One").get_by_role("button", name="Delete One").click()
    expect(titles(page, "TO DO")).to_have_text(["Two"])
    edit(page, "Two").get_by_label("Title").fill("Two, changed")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    for _ in range(2):
        page.keyboard.press("Control+z")
        expect(titles(page, "TO DO")).to_have_text(["One", "Two"])
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_undo_by_key_has_no_haste_and_says_when_there_is_nothing_left(
    page: Page, user: User
) -> None:
    for title in ("Three", "Two", "One"):
        user.create_task(title)
    page.clock.install()
    for title in ("One", "Two"):
        card(page, title).get_by_role("button", name=f"Delete {title}").click()
        expect(toast(page, f"{quoted(title)} is deleted.")).to_be_visible()
    page.clock.fast_forward(2 * NEARLY)
    expect(page.locator(".toast")).to_have_count(0)
    for count in (2, 3):
        page.keyboard.down("Control")
        for _ in "1234":  # held
            page.keyboard.down("z")
        page.keyboard.up("z")
        page.keyboard.up("Control")
        expect(titles(page, "TO DO")).to_have_count(count)
        expect(page.locator("#news")).not_to_contain_text("no deleted task")
    page.keyboard.press("Control+z")
    expect(page.locator("#news")).to_have_text("There is no deleted task to bring back.")


def test_a_title_from_right_to_left_begins_at_the_right(page: Page, user: User) -> None:
    add(page, "שלום!")
    title = titles(page, "TO DO")
    expect(title).to_have_text("שלום!")
    assert title.evaluate(GAPS)[1] < 2
    expect(page.locator("#news")).to_have_text(f"{quoted('שלום!')} is added to To do.")
    add(page, "Water")
    expect(title).to_have_text(["Water", "שלום!"])
    assert title.first.evaluate(GAPS)[0] < 2
