"""Why a message did not go out, in words for whoever reads the list of deliveries. No secret may stand in them."""

from __future__ import annotations


class DeliveryError(Exception):
    """One try failed. By default another may succeed, and the channel itself may be the trouble.

    `permanent`: the same message would be refused again. `throttled`: the receiver lives and asks to be left alone for
    `retry_after_s` seconds; such a try is not counted.
    """

    def __init__(
        self,
        problem: str,
        *,
        permanent: bool = False,
        throttled: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.permanent = permanent
        self.throttled = throttled
        self.retry_after_s = retry_after_s


class AddressError(DeliveryError):
    """The address is one that must not be asked. Only the operator can mend that."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem, permanent=True)


class NotForThisChannelError(Exception):
    """The message is none that this channel tells: it is withdrawn, which is no failure."""
