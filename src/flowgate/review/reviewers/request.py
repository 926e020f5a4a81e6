"""What a reviewer is asked: the packet, and what is known of earlier answers."""

from __future__ import annotations

from typing import NamedTuple

from flowgate.review.answers import Answer


class Request(NamedTuple):
    """A packet to judge.

    `fault` is why the last answer did not count, empty the first time. `carried` are the answers of the review on record whose
    quotes still hold. `draft` is where a person's form lies until it counts.
    """

    packet: str
    fault: str = ""
    carried: tuple[Answer, ...] = ()
    draft: str = ""

    @property
    def text(self) -> str:
        """The packet for a reviewer that remembers nothing: with what was wrong with the last answer."""
        if not self.fault:
            return self.packet
        return f"{self.packet}\n# Your last answer was rejected\n\n{self.fault}\n\nAnswer again, with a whole review.\n"
