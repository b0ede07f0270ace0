"""Joins the functions to the use cases: envelopes in, outcomes out, adapters chosen once."""
