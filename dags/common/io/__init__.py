"""Adapters to the world outside, one small module each; clients and paths are handed in."""
