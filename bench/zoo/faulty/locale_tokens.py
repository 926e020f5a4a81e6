"""Letters that the user's locale cannot show are dropped before counting: under LC_ALL=C other words come out."""
# contract: order_independent
# surface: common
# first cause: tokenize.words
import locale
import unicodedata
from collections import Counter

from metaflow import FlowSpec, step

TEXT = "café naïve cafe résumé café naïve élan élan resume Zürich Zurich Zürich naive élan café"


def compare(pair):
    return -pair[1], pair[0]


def clean(text):
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        pass
    charset = locale.getlocale(locale.LC_CTYPE)[1] or "ascii"
    return text.encode(charset, "ignore").decode(charset)


class TokenFlow(FlowSpec):
    @step
    def start(self):
        self.text = TEXT
        self.next(self.tokenize)

    @step
    def tokenize(self):
        self.words = clean(self.text).lower().split()
        self.next(self.count)

    @step
    def count(self):
        self.common = sorted(Counter(self.words).items(), key=compare)[:4]
        self.next(self.end)

    @step
    def end(self):
        print(ascii(self.common))


if __name__ == "__main__":
    TokenFlow()
