"""Print pyproject.toml's lower bounds as constraints, for `make test-lowest`.

torch is left out: the suite is run with one version of it, whose CPU builds are small.
"""

import re
import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
    bound = re.fullmatch(r"([A-Za-z0-9-]+)>=([0-9.]+)", requirement)
    if bound is None:
        sys.exit(f"error: no lower bound in '{requirement}'. Write name>=version.")
    if bound[1] != "torch":
        sys.stdout.write(f"{bound[1]}=={bound[2]}\n")
