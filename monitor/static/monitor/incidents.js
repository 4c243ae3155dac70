/* The page of an incident: its clock runs, and each action has a key. Without it, the page has buttons and says the time. */
"use strict";

(() => {
  const two = (number) => String(number).padStart(2, "0");

  function tick() {
    for (const clock of document.querySelectorAll("[data-running-since]")) {
      const seconds = Math.max(Math.round((Date.now() - new Date(clock.dataset.runningSince)) / 1000), 0);
      const days = Math.floor(seconds / 86400);
      const rest = seconds % 86400;
      const words = `${two(Math.floor(rest / 3600))}:${two(Math.floor((rest % 3600) / 60))}:${two(rest % 60)}`;
      clock.textContent = days ? `${days} d ${words}` : words;
    }
  }
  setInterval(tick, 1000);

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    const typing = target instanceof Element && target.closest("input, textarea, select, [contenteditable]");
    if (typing && event.key === "Enter" && (event.ctrlKey || event.metaKey) && target.matches("[data-sends-on-ctrl-enter]")) {
      target.form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat || typing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "n") {
      const note = document.getElementById("note");
      if (!note) return;
      event.preventDefault();
      note.focus();
      return;
    }
    const button = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  /* What is being written is not lost to a page that renews itself. */

  const note = document.getElementById("note");
  if (note) {
    const kept = `incident-note:${location.pathname}`;
    note.value = note.value || sessionStorage.getItem(kept) || "";
    note.addEventListener("input", () => sessionStorage.setItem(kept, note.value));
    note.form.addEventListener("submit", () => sessionStorage.removeItem(kept));
  }
})();
