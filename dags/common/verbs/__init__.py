"""The five verbs, in their order: extract, transform, validate, load, publish."""
