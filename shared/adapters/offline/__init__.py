"""The assistant of a machine without a model: prepared answers, honestly presented as such."""
