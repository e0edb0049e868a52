"""What report/files.py keeps of the reports in argv[1]/runs/paper, as JSON: {name: report}."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "models"))
from report import files  # noqa: E402

folder = Path(sys.argv[1])
files.REPORTS, files.RESULTS = folder / "runs" / "paper", folder / "results"
files.collect()
print(json.dumps(files.read("systems")))
