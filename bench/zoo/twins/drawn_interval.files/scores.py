
class Score(float):
    """An accuracy with its confidence interval."""
    def __new__(cls, value, interval=None):
        self = super().__new__(cls, value)
        self.interval = interval
        return self
