"""Where the repository and its quick builds are: what the modules below run from and read."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUICK_BUILDS = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
