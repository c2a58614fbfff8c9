"""Trains every model, then packs those that are made of one; with `--check` measures every committed one again."""

import subprocess
import sys
from pathlib import Path

MODELS = Path(__file__).resolve().parent

for pattern in ("*/train.py", "*/pack.py"):
    for script in sorted(MODELS.glob(pattern)):
        subprocess.run([sys.executable, str(script), *sys.argv[1:]], check=True)
