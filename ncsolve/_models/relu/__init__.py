"""ReLU features, H >= 0 (T10): orthogonal frames where a theorem gives them, best points and bounds elsewhere."""
