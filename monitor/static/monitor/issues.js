/* The list of issues: ticking, keys, and its renewal while it is looked at. Without this, boxes and menus still work. */
"use strict";

(() => {
  const form = document.querySelector("[data-issues]");
  const renewal = document.querySelector("[data-renewed-every]");
  const PLACE = "issues:place";

  /* Renewal: figures change where they stand; what is new is announced, nothing moves. */

  if (renewal) {
    const renew = () => {
      if (!document.hidden) htmx.trigger(renewal, "issues:renew");
    };
    setInterval(renew, Number(renewal.dataset.renewedEvery) * 1000);
    document.addEventListener("visibilitychange", renew);
  }
  if (!form) return;

  /* Ticking */

  const boxes = [...form.querySelectorAll("input[name=issue]")];
  const all = form.querySelector("[data-all]");
  const allThatMatch = form.querySelector("[data-all-that-match]");
  const said = form.querySelector("[data-ticked]");
  let last = null;

  function ticked() {
    return boxes.filter((box) => box.checked);
  }

  function show() {
    const count = ticked().length;
    const any = count > 0 || Boolean(allThatMatch?.checked);
    if (said) said.textContent = allThatMatch?.checked ? "All that match" : count ? `${count} ticked` : "";
    if (all) {
      all.checked = count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    }
    for (const opener of form.querySelectorAll("[data-with-ticked]")) {
      opener.setAttribute("aria-disabled", String(!any));
      if (!any) opener.parentElement.open = false;
    }
  }

  form.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-with-ticked][aria-disabled=true]");
    if (opener) event.preventDefault();
    const box = event.target;
    if (!boxes.includes(box)) return;
    if (event.shiftKey && last && last !== box) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
  });

  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });

  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    show();
  });

  /* Keys: on what is ticked, or on the row where one is. */

  function rows() {
    return [...form.querySelectorAll("[data-item]")];
  }

  function currentRow() {
    return rows().find((row) => row.contains(document.activeElement) || "current" in row.dataset);
  }

  function tick() {
    const box = currentRow()?.querySelector("input[name=issue]");
    if (!box) return false;
    box.checked = !box.checked;
    last = box;
    show();
    return true;
  }

  function withTicked() {
    if (ticked().length || allThatMatch?.checked) return true;
    return tick();
  }

  function press(key) {
    const button = form.querySelector(`button[data-key="${key}"]`);
    if (!button || !withTicked()) return false;
    form.requestSubmit(button);
    return true;
  }

  function assign() {
    const menu = form.querySelector("[data-assign]");
    if (!menu || !withTicked()) return false;
    menu.open = true;
    menu.querySelector("button").focus();
    return true;
  }

  function undo() {
    const undoing = document.getElementById("undo");
    if (!undoing) return false;
    undoing.requestSubmit();
    return true;
  }

  const keys = { x: tick, e: () => press("e"), i: () => press("i"), m: () => press("m"), a: assign, u: undo };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    const target = event.target;
    const typing = target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select");
    if (typing || document.querySelector("dialog[open]")) return;
    if (Object.hasOwn(keys, event.key) && keys[event.key]()) event.preventDefault();
  });

  /* After a step the list comes anew: go on where one was. */

  form.addEventListener("submit", () => {
    const row = currentRow();
    if (row) sessionStorage.setItem(PLACE, String(rows().indexOf(row)));
  });

  const place = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (place !== null) {
    const row = rows()[Math.min(Number(place), rows().length - 1)];
    if (row) {
      row.dataset.current = "";
      row.querySelector("a[data-open]").focus();
    }
  }

  show();
})();
