/* What the monitor's pages do beyond static/js/app.js. Everything here improves something that works without it. */
"use strict";

(() => {
  /* Where the navigation is wider than its place, the room that one is in stands in it. */

  const nav = document.querySelector(".site-nav");
  const here = nav?.querySelector("[aria-current]");
  if (here && nav.scrollWidth > nav.clientWidth) {
    nav.scrollLeft = here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  }

  /* A button that ticks all boxes of its form that are called so, or none when all are. */

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-chooses-all]");
    if (!button) return;
    const boxes = [...button.closest("form").querySelectorAll(`input[type=checkbox][name="${button.dataset.choosesAll}"]`)];
    const some = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = some;
  });

  /* A page that waits for something (data-renews-every, in seconds) asks for it again, while it is looked at. */

  const waiting = document.querySelector("[data-renews-every]");
  if (waiting) {
    const every_ms = Math.max(Number(waiting.dataset.renewsEvery) || 5, 2) * 1000;
    setInterval(async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(waiting.dataset.renewsFrom || location.href, { headers: { Accept: "application/json" } });
        if (answer.ok && (await answer.json()).changed) location.reload();
      } catch {
        /* The server is away: the next round asks again. */
      }
    }, every_ms);
  }
})();
