"""Where the repository is: what the modules below run from and read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
