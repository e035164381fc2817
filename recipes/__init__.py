"""How categories that do not come with the package are made."""
