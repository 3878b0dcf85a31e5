"""Many problems at once: paths along one parameter, phase diagrams over two, and where minimizers change."""
