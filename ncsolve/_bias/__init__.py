"""The bias of the coupled block: theorems that give it, and the bias equation (T3) where none does."""
