/* Upload forms (form[data-upload]) with a bar, and places to drop a file on (.dropzone).
   Without this the same form is a plain post. The server is asked as htmx would ask (HX-Request), so that it
   answers a finished upload with HX-Redirect, and a refused one with the form and its errors (422). */
"use strict";

(() => {
  /* Used where the form brings no words of its own (data_tools/partials/upload_words.html). */
  const english = {
    lost: "The connection was lost before the file was whole. Nothing was kept; choose Upload to try again.",
    large: "The server takes no file of this size.",
    failed: "The server could not take the file. Nothing was kept; try again, or send the error id if it shows one.",
    stopped: "Upload stopped. Nothing was kept.",
    overLimit: "{name} is {size}; at most {limit} are taken. Compress it with gzip, or save it as Parquet.",
    uploading: "Uploading",
    looking: "The server is looking at the file",
    rate: "{sent} of {total}, {rate}/s",
    stop: "Stop",
    bar: "Upload",
  };

  function words(form, name, values = {}) {
    return (form?.dataset[name] || english[name]).replace(/\{(\w+)\}/g, (_, key) => values[key]);
  }

  function size(bytes) {
    const units = ["B", "KB", "MB", "GB"];
    let value = bytes;
    let unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit += 1;
    }
    return `${value.toLocaleString(document.documentElement.lang || "en", { maximumFractionDigits: value < 10 && unit ? 1 : 0 })} ${units[unit]}`;
  }

  /* Errors stay beside the field that holds the file. */

  function fileField(form) {
    return form.querySelector("input[type=file]");
  }

  function showError(form, text) {
    const input = fileField(form);
    let message = form.querySelector("[data-upload-error]");
    if (!message) {
      message = Object.assign(document.createElement("p"), { className: "error-text", id: `${form.id || "upload"}-error` });
      message.dataset.uploadError = "";
      message.setAttribute("role", "alert");
      (input.closest(".dropzone") || input).after(message);
    }
    message.textContent = text;
    message.hidden = !text;
    input.toggleAttribute("aria-invalid", false);
    if (text) {
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", message.id);
    }
  }

  function tooLarge(input) {
    const limit = Number(input.dataset.maxBytes || 0);
    const file = input.files[0];
    if (!limit || !file || file.size <= limit) return "";
    return words(input.form, "overLimit", { name: file.name, size: size(file.size), limit: size(limit) });
  }

  function showChosen(input) {
    const zone = input.closest(".dropzone");
    const form = input.form;
    if (form?.matches("[data-upload]")) showError(form, tooLarge(input));
    if (!zone) return;
    let chosen = zone.querySelector(".chosen");
    if (!chosen) {
      chosen = Object.assign(document.createElement("span"), { className: "chosen" });
      zone.append(chosen);
    }
    chosen.textContent = [...input.files].map((file) => `${file.name} · ${size(file.size)}`).join(", ");
  }

  function bar(form) {
    const place = form.querySelector("[data-upload-progress]") || form.appendChild(document.createElement("div"));
    place.dataset.uploadProgress = "";
    place.hidden = false;
    place.className = "progress";
    place.innerHTML = '<div class="progress-line"><span class="stage" role="status"></span><span class="percent"></span></div><progress max="100"></progress><div class="progress-foot"><span></span><button type="button" class="button small"></button></div>';
    place.querySelector("button").textContent = words(form, "stop");
    place.querySelector("progress").setAttribute("aria-label", words(form, "bar"));
    return place;
  }

  function replaceForm(form, html) {
    const answer = new DOMParser().parseFromString(html, "text/html");
    const fresh = (form.id && answer.getElementById(form.id)) || answer.querySelector("form[data-upload]");
    if (!fresh) return false;
    form.replaceWith(document.importNode(fresh, true));
    document.querySelector("[aria-invalid=true], .form-error, .errorlist")?.scrollIntoView({ block: "center" });
    return true;
  }

  function finished(form, request, place) {
    const target = request.getResponseHeader("HX-Redirect") || request.getResponseHeader("HX-Location");
    if (target) {
      location.assign(target);
      return;
    }
    const here = location.href.split("#")[0];
    if (request.status < 300 && request.responseURL && request.responseURL !== (form.action || here).split("#")[0]) {
      location.assign(request.responseURL);
      return;
    }
    place.hidden = true;
    if (request.status < 500 && replaceForm(form, request.responseText)) return;
    const id = request.getResponseHeader("X-Error-Id") || request.getResponseHeader("X-Request-Id");
    showError(form, words(form, request.status === 413 ? "large" : "failed") + (id ? ` (${id})` : ""));
  }

  function send(form, submitter) {
    const data = new FormData(form, submitter);
    const request = new XMLHttpRequest();
    const place = bar(form);
    const [stage, percent, progress, foot, stop] = ["[role=status]", ".percent", "progress", ".progress-foot span", "button"].map((part) => place.querySelector(part));
    const began = performance.now();
    const buttons = [...form.querySelectorAll("button:not([type=button]), [type=submit]")];
    const settle = (text) => {
      buttons.forEach((button) => { button.disabled = false; });
      removeEventListener("beforeunload", warn);
      if (text === undefined) return;
      place.hidden = true;
      showError(form, text);
    };
    const warn = (event) => event.preventDefault();

    buttons.forEach((button) => { button.disabled = true; });
    addEventListener("beforeunload", warn);
    showError(form, "");
    stage.textContent = words(form, "uploading");
    stop.addEventListener("click", () => request.abort());
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const share = Math.floor((100 * event.loaded) / event.total);
      const rate = (1000 * event.loaded) / (performance.now() - began);
      progress.value = share;
      percent.textContent = `${share} %`;
      foot.textContent = words(form, "rate", { sent: size(event.loaded), total: size(event.total), rate: size(rate) });
      if (event.loaded === event.total) stage.textContent = words(form, "looking");
    });
    request.addEventListener("load", () => {
      settle();
      finished(form, request, place);
    });
    request.addEventListener("error", () => settle(words(form, "lost")));
    request.addEventListener("timeout", () => settle(words(form, "lost")));
    request.addEventListener("abort", () => settle(words(form, "stopped")));
    request.open("POST", form.action || location.href);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("Accept", "text/html");
    request.send(data);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-upload]");
    if (!form || event.defaultPrevented) return;
    const input = fileField(form);
    if (!input?.files.length) return;
    event.preventDefault();
    const refusal = tooLarge(input);
    if (refusal) showError(form, refusal);
    else send(form, event.submitter);
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("input[type=file]")) showChosen(event.target);
  });

  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const zone = event.target instanceof Element && event.target.closest(".dropzone");
      if (zone) zone.classList.toggle("over", kind === "dragenter" || kind === "dragover");
    });
  }
})();
