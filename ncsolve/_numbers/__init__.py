"""Numbers as people type them and as certificates need them: nothing is silently turned into another number."""
