"""Results as documents: JSON by the schemas of ncsolve/schemas, and .npz files."""
