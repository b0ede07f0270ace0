"""The rules of the business: pure Python, no input or output, no clock."""
