/* Draws the plots of a page. Needs bokeh.min.js before it; both with `defer`.

   <div class="plot" data-plot-url="/…">a table of the same figures</div>

   fetches the address with ?theme=light|dark, which answers with Bokeh's JSON, and draws it. The table stays
   reachable below the plot; when there is no plot it stays where it is, and a sentence says why.
   Its words in the reader's language are on the element: templates/partials/plot_words.html.

   A link with data-plot-start and data-plot-end (ISO 8601) turns every plot over time on the page to that stretch. */
"use strict";

(() => {
  const plots = new Map();
  const english = {
    plotTable: "The figures as a table",
    plotFailed: "The plot could not be drawn",
    plotBelow: "Its figures stand below.",
    plotLibrary: "the drawing library did not load",
    plotAnswered: "the server answered",
    plotLoggedOut: "you may have been logged out; load the page again",
  };

  function words(plot, name) {
    return plot.element.dataset[name] || english[name];
  }

  function theme() {
    const chosen = document.documentElement.dataset.theme;
    if (chosen === "dark" || chosen === "light") return chosen;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  function frame(element) {
    const fallback = document.createElement("div");
    fallback.append(...element.childNodes);
    const canvas = document.createElement("div");
    canvas.className = "plot-canvas";
    const status = document.createElement("p");
    status.className = "muted small";
    status.setAttribute("role", "status");
    status.hidden = true;
    element.append(canvas, status, fallback);
    return { element, canvas, status, fallback, manager: null, drawn: null, wanted: 0 };
  }

  function keepTableReachable(plot) {
    if (plot.fallback.tagName === "DETAILS" || !plot.fallback.querySelector("table")) {
      if (plot.fallback.tagName !== "DETAILS") plot.fallback.hidden = true;
      return;
    }
    const details = document.createElement("details");
    details.className = "fold";
    const summary = document.createElement("summary");
    summary.className = "small";
    summary.textContent = words(plot, "plotTable");
    details.append(summary, ...plot.fallback.childNodes);
    plot.fallback.replaceWith(details);
    plot.fallback = details;
  }

  async function load(plot, wanted) {
    const url = new URL(plot.element.dataset.plotUrl, location.href);
    url.searchParams.set("theme", wanted);
    const response = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!response.ok) throw new Error(`${words(plot, "plotAnswered")} ${response.status}`);
    const type = response.headers.get("Content-Type") || "";
    if (!type.includes("json")) throw new Error(words(plot, "plotLoggedOut"));
    return response.json();
  }

  function timeRanges(manager) {
    const found = new Set();
    const look = (model) => {
      if (model?.children) model.children.forEach((child) => look(Array.isArray(child) ? child[0] : child));
      if (model?.x_range && model.x_scale && (model.below || []).some((axis) => axis.type === "DatetimeAxis")) {
        found.add(model.x_range);
      }
    };
    for (const view of manager?.roots || []) look(view.model);
    return [...found];
  }

  async function draw(plot) {
    const turn = ++plot.wanted;
    const wanted = theme();
    plot.element.setAttribute("aria-busy", "true");
    if (!plot.manager) plot.fallback.style.visibility = "hidden";
    try {
      if (!window.Bokeh) throw new Error(words(plot, "plotLibrary"));
      const item = await load(plot, wanted);
      if (turn !== plot.wanted) return;
      const fresh = document.createElement("div");
      fresh.className = "plot-canvas";
      const before = timeRanges(plot.manager).map((range) => [range.start, range.end]);
      plot.canvas.after(fresh);
      const height = plot.canvas.offsetHeight;
      plot.manager?.clear?.();
      plot.canvas.remove();
      plot.canvas = fresh;
      if (height) fresh.style.minHeight = `${height}px`;
      plot.manager = await Bokeh.embed.embed_item(item, fresh);
      fresh.style.minHeight = "";
      timeRanges(plot.manager).forEach((range, index) => before[index] && range.setv({ start: before[index][0], end: before[index][1] }));
      keepTableReachable(plot);
      plot.status.hidden = true;
      plot.element.dataset.plotDrawn = wanted;
    } catch (error) {
      if (turn !== plot.wanted) return;
      console.warn("Plot not drawn:", plot.element.dataset.plotUrl, error);
      const below = plot.fallback.querySelector("table") ? words(plot, "plotBelow") : "";
      plot.status.textContent = `${words(plot, "plotFailed")}: ${error.message}. ${below}`;
      plot.status.hidden = false;
      plot.element.dataset.plotDrawn = "failed";
    } finally {
      if (turn === plot.wanted) {
        plot.fallback.style.visibility = "";
        plot.element.removeAttribute("aria-busy");
      }
    }
  }

  function drawAll(within = document) {
    for (const element of within.querySelectorAll("[data-plot-url]")) {
      if (!plots.has(element)) {
        plots.set(element, frame(element));
        draw(plots.get(element));
      }
    }
    for (const [element, plot] of plots) {
      if (element.isConnected) continue;
      plot.manager?.clear?.();
      plots.delete(element);
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-plot-start]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const start = Date.parse(utc(link.dataset.plotStart));
    const end = Date.parse(utc(link.dataset.plotEnd || link.dataset.plotStart));
    const drawn = [...plots.values()].filter((plot) => timeRanges(plot.manager).length);
    if (!drawn.length || Number.isNaN(start) || Number.isNaN(end)) return;
    event.preventDefault();
    const margin = Math.max((end - start) * 0.25, 15 * 86400000);
    for (const plot of drawn) {
      for (const range of timeRanges(plot.manager)) range.setv({ start: start - margin, end: end + margin });
    }
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    drawn[0].element.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  });

  /* Bokeh's axes count from 1970 in UTC; a time without a zone is the record's own and is read the same way. */
  function utc(text) {
    return /T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T") ? text : `${text}Z`;
  }

  document.addEventListener("hydroml:theme", () => {
    for (const plot of plots.values()) if (plot.element.dataset.plotDrawn !== theme()) draw(plot);
  });
  document.addEventListener("htmx:afterSettle", (event) => drawAll(event.target?.parentNode || document));

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => drawAll());
  else drawAll();
})();
