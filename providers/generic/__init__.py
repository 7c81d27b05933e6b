"""The engine of providers that are described by data."""
