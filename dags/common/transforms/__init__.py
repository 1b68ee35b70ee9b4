"""Pure functions ``f(data, frozen parameters) -> data``; one module a subject."""
