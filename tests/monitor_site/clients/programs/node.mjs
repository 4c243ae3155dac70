// What @sentry/node sends: a handled error with breadcrumbs, a transaction, a check-in, feedback, and an unhandled rejection.
import * as Sentry from "@sentry/node";

// Streamed spans, which are the default since 11, are a different item; transactions are the older one.
Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1.0, traceLifecycle: "static" });

class PumpStopped extends Error {
  name = "PumpStopped";
}

Sentry.setUser({ id: "23" });
Sentry.setTag("river", "Isar");
Sentry.addBreadcrumb({ category: "pump", message: "the pressure falls" });
Sentry.startSpan({ name: "pump-cycle", op: "task" }, () => {
  Sentry.startSpan({ name: "SELECT pressure FROM pump", op: "db" }, () => undefined);
});
const run = Sentry.captureCheckIn({ monitorSlug: "pump-check", status: "in_progress" });
Sentry.captureCheckIn({ checkInId: run, monitorSlug: "pump-check", status: "ok", duration: 2 });
const event = Sentry.captureException(new PumpStopped("at 3 bar"));
Sentry.captureFeedback({ message: "It smells of smoke", name: "Otto", associatedEventId: event });
if (!(await Sentry.flush(60000))) throw new Error("not all was sent");
console.log(event);
Promise.reject(new TypeError("nobody awaited this"));
