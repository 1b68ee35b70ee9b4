"""The commands, one module each. What is heavy is imported where it is used: ``--help`` answers at once."""
