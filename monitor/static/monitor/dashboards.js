/* Dashboards renew themselves while they are looked at, and a moment is pointed at on all charts of one axis.
   Without this, they show what was when they were opened. */
"use strict";

(() => {
  const place = document.querySelector("[data-dashboard-every]");
  if (!place) return;
  const every_ms = Math.max(Number(place.dataset.dashboardEvery) || 15, 5) * 1000;
  let renewed = Date.now();

  const renew = () => {
    // What is open as a menu, or selected as text, would be lost under the reader's hand.
    if (document.hidden || String(getSelection()) || Date.now() - renewed < every_ms) return;
    renewed = Date.now();
    htmx.trigger(place, "dashboard:renew");
  };
  setInterval(renew, 1000);
  document.addEventListener("visibilitychange", renew);

  /* Tables that were unfolded stay so, and the panel that one stands on is stood on again. */

  let unfolded = [];
  let stoodOn = -1;
  const folds = () => [...place.querySelectorAll("details")];
  const links = () => [...place.querySelectorAll("a[href], summary")];
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== place) return;
    unfolded = folds().map((fold) => fold.open);
    stoodOn = links().indexOf(document.activeElement);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== place) return;
    folds().forEach((fold, number) => { fold.open = Boolean(unfolded[number]); });
    if (stoodOn >= 0) links()[stoodOn]?.focus({ preventScroll: true });
  });

  /* One axis */

  const pointAt = (number) => {
    for (const plot of place.querySelectorAll("[data-together] .chart-plot")) {
      plot.querySelectorAll("rect.slot").forEach((slot, at) => slot.classList.toggle("pointed", at === number));
    }
  };
  place.addEventListener("pointerover", (event) => {
    const slot = event.target.closest?.("[data-together] rect.slot");
    if (slot) pointAt([...slot.parentElement.querySelectorAll("rect.slot")].indexOf(slot));
  });
  place.addEventListener("pointerleave", () => pointAt(-1));
})();
