"""Public models and data: known by name, fetched safely, verified, converted on arrival."""
