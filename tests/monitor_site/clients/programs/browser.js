// Bundled as a site bundles it; the page gives the DSN by its address.
import * as Sentry from "@sentry/browser";

const given = new URLSearchParams(location.search);
Sentry.init({ dsn: given.get("dsn"), environment: "of-browser", release: "of-browser@1.2.3" });
window.report = async () => {
  await fetch("/levels.json");
  const event = Sentry.captureException(new RangeError("the level is below the gauge"));
  Sentry.captureFeedback({ message: "The chart stays empty", name: "Lena", associatedEventId: event });
  setTimeout(() => {
    throw new EvalError("nobody caught this");
  });
  setTimeout(() => {
    Promise.reject(new URIError("nobody awaited this"));
  });
  await new Promise((done) => setTimeout(done));
  return (await Sentry.flush(60000)) && event;
};
// A header of its own makes the browser ask beforehand whether it may send.
window.preflighted = async (address, key, body) => {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "X-Sentry-Auth": `Sentry sentry_version=7, sentry_key=${key}` },
    body,
  });
  return [answer.status, (await answer.json()).id];
};
