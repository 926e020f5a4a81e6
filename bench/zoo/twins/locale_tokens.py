"""The user's locale is set and used for the printed report only; words are normalised by unicodedata, which knows no locale."""
# contract: order_independent
# surface: common
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
    print("terminal:", charset, locale.format_string("%.2f", len(text), grouping=True))
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


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
