"""What the operators look at: two shares, from a boolean alarm and a boolean truth per window."""


def _share(part, whole):
    return float(part.sum() / max(whole.sum(), 1))


def recall(alarm, quake):
    return _share(alarm & quake, quake)


def false_alarm_rate(alarm, quake):
    quiet = ~quake
    return _share(alarm & quiet, quiet)
