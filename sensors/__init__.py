"""Simulated sensors: from what truly happens in a store to what they say; importers of foreign recordings."""
