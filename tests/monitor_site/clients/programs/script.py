"""What else sentry-sdk sends: feedback, check-ins by hand, sessions, metrics, logs; in the end an unhandled error."""

import uuid

import sentry_sdk
from sentry_sdk import capture_exception, capture_message, set_tag, set_user
from sentry_sdk.crons import capture_checkin
from sentry_sdk.envelope import Envelope, Item, PayloadRef

sentry_sdk.init(enable_logs=True)


class RatingCurveMissingError(Exception):
    pass


set_user({"id": "17", "username": "ada"})
set_tag("river", "Loisach")
try:
    try:
        {}["curve"]
    except KeyError as cause:
        raise RatingCurveMissingError("of Garmisch") from cause
except RatingCurveMissingError as error:
    event_id = capture_exception(error)

capture_message("the archive is nearly full", level="warning")
feedback = Envelope(headers={"event_id": uuid.uuid4().hex})
feedback.add_item(
    Item(
        type="feedback",
        payload=PayloadRef(
            json={
                "event_id": feedback.headers["event_id"],
                "environment": sentry_sdk.get_client().options["environment"],
                "contexts": {
                    "feedback": {
                        "message": "The curve was there yesterday",
                        "name": "Mary",
                        "associated_event_id": event_id,
                    }
                },
            }
        ),
    )
)
sentry_sdk.get_client().transport.capture_envelope(feedback)
run = capture_checkin("nightly-import", None, "in_progress")
capture_checkin("nightly-import", run, "error", duration=4.5)

scope = sentry_sdk.get_isolation_scope()
for errors in (0, 1):
    scope.start_session(session_mode="request")
    if errors:
        assert scope._session is not None
        scope._session.update(errors=1)
    scope.end_session()

sentry_sdk.metrics.count("gauges.read", 5, attributes={"river": "Loisach"})
sentry_sdk.metrics.distribution("gauges.latency", 12.5, unit="millisecond")
sentry_sdk.logger.info("read {count} gauges", count=5)
sentry_sdk.flush(60)
print(event_id)
