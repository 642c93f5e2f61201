"""The theorems of section 4."""
