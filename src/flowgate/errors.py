"""The two ways flowgate fails on purpose. Anything else that escapes is a bug of ours, and says so."""


class FlowgateError(Exception):
    """Something the user can mend: says what is wrong, where, and what to do. Exit code 2."""

    exit_code = 2


class Inconclusive(FlowgateError):
    """Nothing could be decided: a run crashed, a reviewer gave no usable answer. Exit code 3, never a pass."""

    exit_code = 3
