"""Many edits in one run: manifests, scripted edits, resumable results."""
