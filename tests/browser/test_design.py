"""The design holds: contrast, narrow screens, keyboard, the strict policy, life without JavaScript."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, expect

from tests.browser.design_site import (
    ERROR_CODES,
    ERROR_CONTEXT,
    REFUSED_UPLOAD,
    DesignHandler,
    design_site,
    error_css,
)
from tests.kept_page import KeptPage

PAGES = ["/styleguide/", *(f"/errors/{code}/" for code in ERROR_CODES)]
TEXTS = ("ink", "ink-2", "ink-3", "river", "p0", "ok")
UNSEEN_FOCUS = """() => {
    const element = document.activeElement;
    const holders = [element, element.closest("label"), element.closest(".dropzone")].filter(Boolean);
    const outlined = ({outlineStyle, outlineWidth}) => outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
    const seen = element === document.body || holders.some((holder) => outlined(getComputedStyle(holder)));
    return seen ? "" : element.outerHTML.slice(0, 90);
}"""
MARKS = ("edge", "sim", "p0", "p1", "p2", "p3", "p4", "ok", "river")


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with design_site() as address:
        yield address


@pytest.fixture
def page(kept_page: KeptPage) -> Iterator[Page]:
    DesignHandler.posted.clear()
    DesignHandler.answers.clear()
    yield kept_page.take()
    kept_page.give_back()


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def rules(css: str, selector: str) -> list[dict[str, str]]:
    """The custom properties of each rule with exactly this selector, in the order of the file."""
    bodies = re.findall(rf"(?:^|\s){re.escape(selector)}\s*\{{([^}}]*)\}}", css)
    return [dict(re.findall(r"--([\w-]+):\s*([^;]+);", body)) for body in bodies]


def themes() -> dict[str, dict[str, str]]:
    css = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    light, dark = rules(css, ":root")[0], rules(css, ':root[data-theme="dark"]')[0]
    return {"light": light, "dark": light | dark}


def test_the_dark_theme_is_the_same_by_system_and_by_choice() -> None:
    css = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    [by_system], [by_choice] = (
        rules(css, ':root:not([data-theme="light"])'),
        rules(css, ':root[data-theme="dark"]'),
    )
    assert by_system == by_choice
    assert by_choice


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_text_and_ground_reaches_aa(theme: str) -> None:
    tokens = themes()[theme]
    grounds = ("paper", "raised", "sunken", "hover")
    pairs = [(text, ground, 4.5) for text in TEXTS for ground in grounds]
    pairs += [(mark, ground, 3.0) for mark in MARKS for ground in grounds[:2]]
    pairs += [("on-river", "river", 4.5), ("on-river", "river-deep", 4.5), ("paper", "ink", 4.5)]
    pairs += [
        ("ink", "river-wash", 4.5),
        ("river", "river-wash", 4.5),
        ("ink", "p0-wash", 4.5),
        ("p0", "p0-wash", 4.5),
    ]
    pairs += [("ink", "mark", 4.5)]
    weak = {
        f"{one} on {other}": round(ratio, 2)
        for one, other, least in pairs
        if (ratio := contrast(tokens[one], tokens[other])) < least
    }
    assert weak == {}


@pytest.mark.parametrize("code", ERROR_CODES)
def test_an_error_page_reaches_aa_in_both_themes(code: int) -> None:
    css = error_css()
    [light_root, dark_root], [light, dark] = rules(css, ":root"), rules(css, f".e{code}")
    for tokens in (light_root | light, light_root | dark_root | dark):
        for ground in ("paper", "raised"):
            assert contrast(tokens["act"], tokens[ground]) >= 4.5
            assert contrast(tokens["ink-3"], tokens[ground]) >= 4.5
        assert contrast(tokens["on-act"], tokens["act"]) >= 4.5
        assert min(contrast(tokens["on"], tokens["from"]), contrast(tokens["on"], tokens["to"])) >= 4.5


@pytest.mark.parametrize("code", ERROR_CODES)
def test_an_error_page_needs_nothing_at_all(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("an error page asked another machine or another process")

    monkeypatch.setattr("socket.socket.__init__", refuse)
    html = render_to_string(f"errors/{code}.html")
    assert f">{code}</p>" in html
    assert "<form" not in html
    assert "told" not in html
    assert f"<style>{error_css()}</style>" in html


def test_the_team_is_said_to_be_told_only_when_it_was() -> None:
    told = "The team has been told."
    assert told in render_to_string("errors/500.html", ERROR_CONTEXT)
    assert told not in render_to_string("errors/500.html", ERROR_CONTEXT | {"reported": False})


def test_what_a_visitor_typed_is_escaped_on_the_page() -> None:
    html = render_to_string("errors/404.html", {"path": '/<script>alert("x")</script>'})
    assert "<script>alert" not in html


def test_no_template_holds_what_the_policy_would_drop() -> None:
    inline = re.compile(
        r"<[a-z][^>{]*\s(?:style|on[a-z]+)=|<script(?![^>]*\bsrc=)|href=[\"']javascript:", re.IGNORECASE
    )
    folders = [Path(settings.BASE_DIR) / "templates", Path(settings.BASE_DIR) / "core/templates"]
    found = {
        f"{path.name}: {hit.group()}"
        for folder in folders
        for path in folder.rglob("*.html")
        for hit in inline.finditer(
            re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
        )
    }
    assert found == set()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_narrow_screens_and_zoom_and_break_no_rule(
    browser: Browser, site: str, scheme: str
) -> None:
    complaints: list[str] = []
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on(
        "request",
        lambda request: None if request.url.startswith((site, "data:")) else complaints.append(request.url),
    )
    for path in PAGES:
        page.goto(site + path)
        for width in (360, 640, 768, 1280):  # 640 is 1280 pixels at 200 %
            page.set_viewport_size({"width": width, "height": 740})
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if over > 0:
                complaints.append(f"{path} is {over} px too wide at {width}")
    context.close()
    assert complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/styleguide/", "/errors/500/"])
def test_focus_is_visible_wherever_tab_leads(page: Page, site: str, path: str) -> None:
    page.goto(site + path)
    invisible = []
    for _ in range(30):
        page.keyboard.press("Tab")
        shown = page.evaluate(UNSEEN_FOCUS)
        if shown:
            invisible.append(shown)
    assert invisible == []


@pytest.mark.browser
def test_every_control_has_a_name_and_ids_are_single(page: Page, site: str) -> None:
    for path in PAGES:
        page.goto(site + path)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea, summary")]
                .filter((e) => !e.closest("dialog, [hidden]") && !e.hidden)
                .filter((e) => !(e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim()))
                .map((e) => e.outerHTML.slice(0, 90))"""
        )
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
        assert nameless == [], path
        assert len(ids) == len(set(ids)), path


@pytest.mark.browser
def test_the_keyboard_searches_moves_opens_and_explains(page: Page, site: str) -> None:
    page.goto(f"{site}/styleguide/")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-list] > [data-current] a").first).to_have_text("Falling")
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Narraguagus", exact=True).last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#lists$"))
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()


@pytest.mark.browser
def test_a_theme_is_applied_at_once_and_remembered(page: Page, site: str) -> None:
    page.goto(f"{site}/styleguide/")
    page.evaluate("document.addEventListener('hydroml:theme', (e) => { window.heard = e.detail.dark; })")
    page.get_by_label("Theme", exact=True).first.click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 27)"
    assert page.evaluate("window.heard") is True
    assert [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "theme"] == ["dark"]


@pytest.mark.browser
def test_a_destructive_form_goes_out_only_after_yes(page: Page, site: str) -> None:
    page.goto(f"{site}/styleguide/")
    page.get_by_label("More", exact=True).click()
    delete = page.locator(".menu form button", has_text="Delete")
    delete.click()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("#confirm")).to_be_hidden()
    assert DesignHandler.posted == []
    page.get_by_label("More", exact=True).click()
    delete.click()
    with page.expect_navigation():
        page.locator("#confirm").get_by_role("button", name="Delete").click()
    assert len(DesignHandler.posted) == 1


@pytest.mark.browser
def test_without_javascript_a_destructive_form_goes_out_only_with_its_question_ticked(
    browser: Browser, site: str
) -> None:
    DesignHandler.posted.clear()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/styleguide/")
    page.get_by_label("More", exact=True).click()
    delete = page.locator(".menu form button", has_text="Delete")
    delete.click()
    question = page.get_by_role("checkbox", name="Two experiments use it; they keep their results.")
    expect(question).to_be_focused()
    assert DesignHandler.posted == []
    question.check()
    with page.expect_navigation():
        delete.click()
    assert len(DesignHandler.posted) == 1
    context.close()


@pytest.mark.browser
def test_the_figures_in_a_plots_place_do_not_widen_a_narrow_page(page: Page, site: str) -> None:
    column = {
        "name": "discharge",
        "unit": "m³/s",
        "count": 5844,
        "minimum": 0.056,
        "mean": 7.06,
        "maximum": 270.0,
    }
    figures = render_to_string("data_tools/partials/plot_table.html", {"measured": [column]})
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}/styleguide/")
    page.locator("main .wrap").evaluate("(element, figures) => { element.innerHTML = figures; }", figures)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.browser
def test_an_upload_keeps_its_errors_in_place_and_follows_success(page: Page, site: str) -> None:
    page.goto(f"{site}/styleguide/")
    file = {"name": "gauge.csv", "mimeType": "text/csv", "buffer": b"date,q\n2000-01-01,1\n"}
    DesignHandler.answers[:] = [(422, {}, REFUSED_UPLOAD), (200, {"HX-Redirect": "/data/1/"}, "")]
    page.locator("#upload input[type=file]").set_input_files(file)
    expect(page.locator("#upload .chosen")).to_have_text("gauge.csv · 20 B")
    page.locator("#upload button.primary").click()
    expect(page.locator("#upload .errorlist")).to_have_text("Row 3 has 5 values, the header has 4.")
    assert page.url == f"{site}/styleguide/"
    page.locator("#upload input[type=file]").set_input_files(file)
    page.evaluate("document.getElementById('upload').requestSubmit()")
    page.wait_for_url(f"{site}/data/1/")


@pytest.mark.browser
def test_a_refused_htmx_request_says_so_with_the_error_id(page: Page, site: str) -> None:
    page.goto(f"{site}/styleguide/")
    DesignHandler.answers[:] = [(500, {"X-Error-Id": "4f0c3f7b"}, "<h1>500</h1>")]
    page.evaluate("htmx.ajax('POST', '/refused', {target: '#lists', values: {a: 1}}).catch(() => {})")
    expect(page.locator(".toast")).to_have_text("The server could not do this. Error id 4f0c3f7b")
    expect(page.locator("#lists h2").first).to_have_text("Lists")


@pytest.mark.browser
def test_pages_are_whole_without_javascript(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/errors/500/")
    expect(page.locator("#error-id")).to_have_text(str(ERROR_CONTEXT["error_id"]))
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()
    page.get_by_label("Your words").fill("It broke")
    with page.expect_navigation():
        page.get_by_role("button", name="Send").click()
    assert any("message=It+broke" in posted for posted in DesignHandler.posted)
    page.goto(f"{site}/styleguide/")
    expect(page.locator("#upload input[type=file]")).to_have_css("opacity", "1")
    expect(page.locator("[data-copy]").first).to_be_hidden()
    page.get_by_label("More", exact=True).click()
    expect(page.get_by_role("link", name="Rename")).to_be_visible()
    context.close()


@pytest.mark.browser
def test_feedback_is_sent_in_place_and_a_refusal_keeps_the_words(page: Page, site: str) -> None:
    page.goto(f"{site}/errors/500/")
    DesignHandler.answers[:] = [(429, {"Content-Type": "application/json"}, '{"message": "Wait a minute."}')]
    page.get_by_label("Your words").fill("It broke")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_have_text("Wait a minute.")
    expect(page.get_by_label("Your words")).to_have_value("It broke")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you")
    assert page.url == f"{site}/errors/500/"
