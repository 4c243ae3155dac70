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
      button.textContent = button.dataset.copied;
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = button.dataset.selected;
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
    status.textContent = form.dataset.sending;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      if (!answer.ok) {
        const detail = await answer.json().catch(() => ({}));
        throw new Error(detail.message || detail.detail || (answer.status === 429 ? form.dataset.tooMany : form.dataset.notKept));
      }
      form.querySelectorAll("label, input, textarea, .button, .small").forEach((part) => part.remove());
      status.textContent = form.dataset.thanks;
      status.tabIndex = -1;
      status.focus();
    } catch (error) {
      button.disabled = false;
      status.textContent = error instanceof TypeError ? form.dataset.unreachable : error.message;
    }
  });
}
