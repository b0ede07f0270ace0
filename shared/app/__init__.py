"""The use cases: each reads, decides and commits, and knows the outside only through ports."""
