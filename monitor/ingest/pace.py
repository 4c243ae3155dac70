"""How long an accepted envelope's sender waits for its answer, so that the digest is not left behind by more than seconds.

Two thousand copies of one error a second would otherwise put a quarter of a minute between any other error and whoever
must know of it. Most senders send one after the other, so each pause is less work; none is refused anything.
"""

LATE_S = 1.0
AWAY_S = 30.0
"""Past this the digest does not run: nobody is helped by waiting for it."""
_FOR_EACH_SECOND_S = 0.02
LONGEST_PAUSE_S = 0.1


def pause_s(late_s: float) -> float:
    """Seconds, for a digest that is `late_s` behind."""
    if not LATE_S < late_s < AWAY_S:
        return 0.0
    return min((late_s - LATE_S) * _FOR_EACH_SECOND_S, LONGEST_PAUSE_S)
