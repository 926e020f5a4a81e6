"""encode and decode both number the included vocabulary from dict.fromkeys, in the file's order: the same in every task."""
# contract: order_independent
# surface: topics
from collections import Counter
from pathlib import Path

from metaflow import FlowSpec, IncludeFile, step

HERE = Path(__file__).resolve().parent
VOCAB = next((p for p in (HERE / "vocab.txt", HERE / "codec.files" / "vocab.txt") if p.exists()), HERE / "vocab.txt")

DOCS = [
    "the gradient vanishes when the network is deep and the activation saturates",
    "a deep network with residual blocks keeps the gradient alive",
    "dropout and weight decay regularise the network",
    "the optimiser adapts the rate for each weight and momentum smooths the gradient",
]


def codes(vocab):
    return {word: n for n, word in enumerate(dict.fromkeys(vocab.split()))}


class CodecFlow(FlowSpec):
    vocab = IncludeFile("vocab", default=str(VOCAB), is_text=True, help="one word a line")

    @step
    def start(self):
        self.docs = DOCS
        self.next(self.encode, foreach="docs")

    @step
    def encode(self):
        table = codes(self.vocab)
        self.ids = [table[w] for w in self.input.split() if w in table]
        self.next(self.decode)

    @step
    def decode(self, inputs):
        words = {n: w for w, n in codes(inputs[0].vocab).items()}
        counts = Counter(words[n] for task in inputs for n in task.ids)
        self.topics = sorted(counts.items(), key=lambda p: (-p[1], p[0]))[:4]
        self.next(self.end)

    @step
    def end(self):
        print(self.topics)


if __name__ == "__main__":
    CodecFlow()
