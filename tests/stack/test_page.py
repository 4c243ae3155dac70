import pytest

from stack.page import Page

HTML = """
<title>Upload</title><script>ignored()</script><script src="/static/app.js"></script>
<a href="/projects/1/">One</a><span class="state" data-level="running">At work</span>
<form method="post"><input type="hidden" name="token" value="t"><input name="name" value="A &amp; B">
<select name="unit"><option value="mm">mm<option value="in" selected>inch</select>
<select name="zone"><option value="UTC">UTC<option value="X">X</select>
<input type="checkbox" name="inputs" value="rain" checked><input type="checkbox" name="inputs" value="snow">
<input type="checkbox" name="inputs" value="wind" checked>
<input type="radio" name="model" value="ridge"><input type="radio" name="model" value="forest" checked>
<textarea name="notes">
first
second</textarea><input type="file" name="file"><button name="keep" value="1">Send</button></form>
<form action="/out/"><input name="q"></form>
"""


def test_a_form_is_sent_as_a_browser_would() -> None:
    form = Page(HTML).form_with("token", "file")
    assert form.method == "post"
    assert form.values == {
        "token": ["t"],
        "name": ["A & B"],
        "unit": ["in"],
        "zone": ["UTC"],
        "inputs": ["rain", "wind"],
        "model": ["forest"],
        "notes": ["first\nsecond"],
    }


def test_words_links_assets_and_states_are_read_and_scripts_are_not() -> None:
    page = Page(HTML)
    assert page.text == "Upload One At work mm inch UTC X Send"
    assert page.link_with("/projects/") == "/projects/1/"
    assert (page.assets, page.states) == (["/static/app.js"], ["running"])


def test_a_form_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(LookupError, match=r"no form with the fields target; the forms have: .*token.*; q"):
        Page(HTML).form_with("target")
