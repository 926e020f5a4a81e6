"""What each finding of a proof is about, in words: id, slug, title, why it matters, what to write instead."""

MEANINGS = (
    (
        "FP101",
        "diverged",
        "Two real runs, made as the contract says, disagree on a conclusion",
        "The claim is false as it stands. The report names the first cause: the first task whose inputs agree and whose "
        "output does not, with both values and the line that assigns it. `flowgate prove --diagnose` says which "
        "perturbation brings it out, `--suggest` which weaker contract holds.",
        "mend the step that is named, or claim less and say why",
    ),
    (
        "FP102",
        "contract-mismatch",
        "The run says another contract of itself than the experiment declares",
        "The artifact `determinism` is what a reader of an old run goes by. Where it is not what was declared, one of the "
        "two is wrong, and nobody can tell which.",
        "store it from the config: `self.determinism = self.cfg.experiment.determinism`",
    ),
    (
        "FP103",
        "fan-out-grain",
        "The run made more branches than data axes x seeds",
        "Each further branch makes the data again and pays for a process of its own, and what varies between branches is "
        "no longer what the experiment says.",
        "fan out over data axes x seeds, and train every method of a dataset in-process",
    ),
)
