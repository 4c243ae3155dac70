/* Improves the error pages where scripts run: copy the id, go back, send the feedback without leaving.
   Each of them is hidden, or a plain post, without this. */
"use strict";

for (const button of document.querySelectorAll("[data-copies]")) {
  const source = document.getElementById(button.dataset.copies);
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Selected: press Ctrl C";
    }
    setTimeout(() => { button.textContent = label; }, 2500);
  });
}

for (const button of document.querySelectorAll("[data-goes-back]")) {
  button.hidden = history.length < 2;
  button.addEventListener("click", () => history.back());
}

for (const form of document.querySelectorAll("[data-feedback]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const status = form.querySelector("[role=status]");
    const button = form.querySelector("button");
    button.disabled = true;
    status.textContent = "Sending …";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      if (!answer.ok) {
        const detail = await answer.json().catch(() => ({}));
        throw new Error(detail.message || detail.detail || (answer.status === 429 ? "Too many at once. Wait a minute, then send again." : "It could not be kept."));
      }
      form.querySelectorAll("label, input, textarea, .button, .small").forEach((part) => part.remove());
      status.textContent = "Thank you. Your words are kept with this error.";
      status.tabIndex = -1;
      status.focus();
    } catch (error) {
      button.disabled = false;
      status.textContent = error instanceof TypeError ? "The server can't be reached now. Your words are still here; send them again in a moment." : error.message;
    }
  });
}
