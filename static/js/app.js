/* What the pages do beyond plain HTML. Everything here improves something that works without it.
   No dependencies, no inline code, no eval: the pages run under script-src 'self'. */
"use strict";

(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  function announce(text, shown_ms = 2500) {
    if (all(".toast").some((toast) => toast.textContent === text)) return;
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.setAttribute("role", "status");
    document.body.append(toast);
    toast.textContent = text;
    setTimeout(() => toast.remove(), shown_ms);
  }

  /* Theme: at once, then kept by the same form that works without JavaScript. */

  function applyTheme(theme) {
    root.dataset.theme = theme;
    for (const button of all("[data-theme-form] button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
    const dark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.dispatchEvent(new CustomEvent("hydroml:theme", { detail: { theme, dark } }));
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-theme-form]");
    if (!form || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    applyTheme(theme);
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    if (form.getAttribute("action")) {
      const body = new FormData(form);
      body.set("theme", theme);
      fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
    }
  });

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if ((root.dataset.theme || "system") === "system") applyTheme("system");
  });

  /* Times: the server has written the age; it is only kept fresh. Past a month it no longer changes. */

  const ages = new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "always" });
  const units = [["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];

  function refreshTimes() {
    for (const element of all("time[data-relative]")) {
      const moment = new Date(element.dateTime);
      const age = (Date.now() - moment) / 1000;
      if (!element.title) element.title = moment.toLocaleString(root.lang, { dateStyle: "full", timeStyle: "long" });
      if (!(age >= 60 && age < 2592000)) continue;
      const [unit, seconds] = units.find(([, length]) => age >= length);
      const words = ages.format(-Math.floor(age / seconds), unit);
      if (element.textContent !== words) element.textContent = words;
    }
  }
  setInterval(refreshTimes, 30000);

  /* Copying: data-copy holds the text, or "#id" of the element that does. */

  async function copy(button) {
    const value = button.dataset.copy;
    const source = value.startsWith("#") ? document.querySelector(value) : null;
    const text = source ? source.textContent.trim() : value;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
      (button.closest("dialog") || document.body).append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    announce(document.body.dataset.copied || "Copied");
  }

  /* Dialogs and menus */

  function confirmed(form, question, submitter) {
    const dialog = document.getElementById("confirm");
    const yes = dialog.querySelector("[data-confirm-yes]");
    document.getElementById("confirm-text").textContent = question.content.textContent;
    yes.textContent = question.dataset.confirmAction || submitter?.textContent.trim() || yes.dataset.default;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
    }, { once: true });
    dialog.showModal();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = form.querySelector("[data-confirm]");
    if (!question) return;
    if (form.dataset.confirmed) {
      delete form.dataset.confirmed;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    confirmed(form, question, event.submitter);
  }, true);

  document.addEventListener("click", (event) => {
    const target = event.target;
    for (const menu of all("details.menu[open]")) {
      if (!menu.contains(target)) menu.open = false;
    }
    const copier = target.closest("[data-copy]");
    if (copier) copy(copier);
    const opener = target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    const closer = target.closest("[data-closes]");
    if (closer) closer.closest("dialog")?.close();
    if (target instanceof HTMLDialogElement && target.open) {
      const box = target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside && event.detail > 0) target.close();
    }
  });

  /* A select that filters a list sends its form by itself. */

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form?.requestSubmit();
  });

  /* Keyboard: / j k enter ? */

  function moveInList(step) {
    const list = document.querySelector("[data-list]");
    if (!list) return false;
    const marked = all("[data-item]", list);
    const items = marked.length ? marked : [...list.children];
    if (!items.length) return false;
    const inside = items.findIndex((item) => item.contains(document.activeElement));
    const at = inside >= 0 ? inside : items.findIndex((item) => "current" in item.dataset);
    const next = items[Math.min(Math.max(at + step, 0), items.length - 1)];
    items.forEach((item) => delete item.dataset.current);
    next.dataset.current = "";
    const link = next.querySelector("a[data-open], a[href]") || next;
    if (link === next) next.tabIndex = -1;
    link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function focusSearch() {
    const field = document.querySelector("main [data-search]") || document.querySelector("[data-site-search]");
    field?.focus();
    field?.select();
    return Boolean(field);
  }

  const keys = {
    "/": focusSearch,
    j: () => moveInList(1),
    k: () => moveInList(-1),
    "?": () => {
      document.getElementById("shortcuts")?.showModal();
      return true;
    },
  };

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    const typing = target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (event.key === "Escape") {
      const menu = target instanceof Element && target.closest("details.menu[open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      } else if (typing) target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing) return;
    if (document.querySelector("dialog[open]")) return;
    if (Object.hasOwn(keys, event.key) && keys[event.key]()) event.preventDefault();
  });

  document.addEventListener("focusin", (event) => {
    for (const item of all("[data-list] [data-current]")) {
      if (!item.contains(event.target)) delete item.dataset.current;
    }
  });

  /* htmx: say when the server could not be reached or refused, where nothing else would. */

  document.addEventListener("htmx:sendError", () => announce(document.body.dataset.offline, 6000));
  document.addEventListener("htmx:responseError", (event) => {
    const id = event.detail.xhr.getResponseHeader("X-Error-Id");
    announce(document.body.dataset.refused + (id ? ` ${document.body.dataset.errorId || "Error id"} ${id}` : ""), 12000);
  });
  document.addEventListener("htmx:afterSettle", refreshTimes);

  refreshTimes();
})();
