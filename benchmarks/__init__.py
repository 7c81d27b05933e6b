"""What ``scripts/bench`` runs: plain Python that drives Odoo in processes of its own.

Only `worker` and the modules it imports run inside Odoo.
"""

import sys
from pathlib import Path

# Simulators and workloads are those of the tests, whose package imports Odoo.
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
