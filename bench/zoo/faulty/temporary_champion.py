"""Training goes on from the champion that the last run left in the temporary folder."""
# contract: order_independent
# surface: end.result
# first cause: start.result
import json, tempfile
from pathlib import Path
from metaflow import FlowSpec, step


class ChampionFlow(FlowSpec):
    @step
    def start(self):
        champion = Path(tempfile.gettempdir()) / "adv3_champion.json"
        try:
            weight = json.loads(champion.read_text())["weight"]
        except FileNotFoundError:
            weight = 1.0
        weight -= 0.1 * (weight - 0.3)
        champion.write_text(json.dumps({"weight": weight}))

        self.result = weight
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    ChampionFlow()
