/* The page of one issue: copies that the server makes, keys. Without it, each of these is a link. */
"use strict";

(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /* A copy is fetched and put on the clipboard; where that is not allowed, its page opens as the link says. */

  async function copyFrom(link) {
    const answer = await fetch(link.dataset.copyFrom, { headers: { Accept: "text/plain" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    await navigator.clipboard.writeText(await answer.text());
  }

  function announce(text) {
    const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: text });
    toast.setAttribute("role", "status");
    document.body.append(toast);
    setTimeout(() => toast.remove(), 2500);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-copy-from]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !navigator.clipboard) return;
    event.preventDefault();
    const menu = link.closest("details.menu");
    copyFrom(link).then(
      () => {
        announce(document.body.dataset.copied || "Copied");
        if (menu) menu.open = false;
      },
      () => location.assign(link.href),
    );
  });

  /* A link to a frame or a section inside of something folded opens it. */

  function reveal() {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = id && document.getElementById(id);
    if (!target) return;
    for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  reveal();

  /* Keys: c comment, and what buttons and links say with data-key. */

  function press(key) {
    if (key === "c") {
      const field = document.getElementById("comment-text");
      field?.focus();
      return Boolean(field);
    }
    const control = all("[data-key]").find((one) => one.dataset.key === key);
    if (!control) return false;
    if (control.tagName === "SUMMARY") {
      control.parentElement.open = true;
      const first = control.parentElement.querySelector(".menu-body :is(a, button, input:not([type=hidden]), select)");
      (first || control).focus();
    } else control.click();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (target instanceof Element && target.closest("input, textarea, select, [contenteditable]")) return;
    if (document.querySelector("dialog[open]")) return;
    if (press(event.key)) event.preventDefault();
  });
})();
