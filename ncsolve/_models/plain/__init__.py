"""The paper's model: one layer, linear features, enough dimensions (T1-T7)."""
