"""Measuring edits: measures, portrait edits with a known truth, contact sheets, benchmarks."""
