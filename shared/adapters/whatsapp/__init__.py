"""Meta's WhatsApp Cloud API: what we call, and how its webhooks prove who sent them."""
