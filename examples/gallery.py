"""Draw every figure of the gallery again: python examples/gallery.py [FOLDER]."""

import sys
from pathlib import Path

import encodings_compared
import first_order
import measured_points
import minority_collapse
import plain_weight_decay
import transition
import two_losses

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "figures"
    for script in (transition, minority_collapse, encodings_compared, first_order, measured_points, two_losses,
                   plain_weight_decay):
        script.draw(folder)
