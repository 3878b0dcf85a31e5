"""The paper's model: one layer, linear features, enough dimensions (T3 to T6)."""
