"""What a reviewer said, and what it cost."""

from __future__ import annotations

from typing import NamedTuple

# Characters of English and code that make a token, about: for what is only estimated.
_CHARACTERS = 4
_ANSWER = 4000


class Said(NamedTuple):
    """The reviewer's words; `given` and `taken` are the tokens in and out where it counts them, else 0."""

    text: str
    given: int = 0
    taken: int = 0


class Spent(NamedTuple):
    """Tokens that went in and came out, over all that was asked of a reviewer."""

    given: int = 0
    taken: int = 0

    def after(self, packet: str, said: Said) -> Spent:
        """With one more answer; estimated where the reviewer does not count."""
        given = said.given or len(packet) // _CHARACTERS
        return Spent(self.given + given, self.taken + (said.taken or len(said.text) // _CHARACTERS))

    def with_next(self, packet: str) -> Spent:
        """What it may come to when one more packet is answered."""
        return Spent(self.given + len(packet) // _CHARACTERS, self.taken + _ANSWER)

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.given + self.taken

    def cost(self, price: tuple[float, ...]) -> float:
        """At a price for a million tokens in, and one for a million out."""
        return sum(count * each for count, each in zip((self.given, self.taken), price, strict=False)) / 1_000_000
