"""What results_files.collect keeps of the reports in argv[1]/runs/paper, as JSON: {name: report}."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "models"))
import results_files  # noqa: E402

folder = Path(sys.argv[1])
results_files.RUNS, results_files.RESULTS = folder / "runs" / "paper", folder / "results"
results_files.collect()
print(json.dumps(results_files.read("systems")))
