"""Files read and written: inputs up to a size, outputs whole or not at all; knows nothing of what is in them."""
