"""Atende: a WhatsApp contact centre run by AI agents."""
