"""Numbers as they are printed, and exact ones as certificates need them."""
