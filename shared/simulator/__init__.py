"""A fake WhatsApp on loopback: Meta's rules, Graph API, signed webhooks, a phone to type on."""
