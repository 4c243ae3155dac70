"""A web page as a browser sees it: its words, links and forms, with the values that the forms come with."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID_WORDS = {"script", "style", "template"}  # their text is not shown


@dataclass
class Form:
    """A form: where it goes, and what would be sent if one pressed its button now."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """Reads one page; afterwards `forms`, `links`, `assets`, `plots`, `states` and `text` are filled."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.assets: list[str] = []
        self.plots: list[str] = []
        self.states: list[str] = []
        self._words: list[str] = []
        self._form: Form | None = None
        self._select = self._textarea = ""
        self._hidden = 0
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def form_with(self, *names: str) -> Form:
        """The form that has all these fields. Raises LookupError that shows which there are."""
        for form in self.forms:
            if form.names.issuperset(names):
                return form
        found = "; ".join(", ".join(sorted(form.names)) for form in self.forms)
        raise LookupError(f"no form with the fields {', '.join(names)}; the forms have: {found}")

    def link_with(self, part: str) -> str:
        """The first link whose address holds `part`."""
        for link in self.links:
            if part in link:
                return link
        raise LookupError(f"no link to {part!r}; the links are: {', '.join(self.links)}")

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag in VOID_WORDS:
            self._hidden += 1
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if (tag == "script" and "src" in given) or (tag == "link" and given.get("rel") == "stylesheet"):
            self.assets.append(given.get("src") or given.get("href", ""))
        if "data-plot-url" in given:
            self.plots.append(given["data-plot-url"])
        if given.get("class") == "state":
            self.states.append(given.get("data-level", ""))
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._read_field(tag, given, {name for name, _ in attributes}, self._form)

    def _read_field(self, tag: str, given: dict[str, str], flags: set[str], form: Form) -> None:
        name = given.get("name", "")
        if tag in ("input", "select", "textarea") and name:
            form.names.add(name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
            form.values[name] = [""]
        elif tag == "option" and self._select:
            if "selected" in flags or self._select not in form.values:
                form.values[self._select] = [given.get("value", "")]
        elif tag == "input" and name:
            kind = given.get("type", "text")
            if kind in ("checkbox", "radio"):
                if "checked" in flags:
                    form.values.setdefault(name, []).append(given.get("value", "on"))
            elif kind not in ("submit", "button", "file", "image", "reset"):
                form.values[name] = [given.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID_WORDS:
            self._hidden -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.values[self._textarea][0] += data.removeprefix("\n")
        elif not self._hidden:
            self._words.append(data)
