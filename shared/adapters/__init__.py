"""The outside: each port on a technology. One family never imports another."""
