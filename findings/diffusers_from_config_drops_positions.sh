#!/usr/bin/env bash
# diffusers 0.42.1: a configuration made from arguments that were given by position is used as if they
# had not been given; written to a file and read back, the same configuration is used whole.
#
# `register_to_config` stores every argument, and lists under `_use_default_values` those that were not
# given by name, also when they were given by position. `from_config(own.config)` then leaves the
# listed ones out, and the defaults of the signature are taken: a smaller network than the one it was
# made from, without a word. `save_config` drops the list, so a saved copy comes back right.
#
# Guess before running: positional arguments come back as given ones, in memory as from a file.
#
# For users: give configurations by name, or copy a model by its saved folder, not by `.config`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet diffusers==0.42.1
cat > shown.py <<'PYTHON'
import json
import sys

import diffusers
from diffusers import ConfigMixin
from diffusers.configuration_utils import register_to_config


class Network(ConfigMixin):
    config_name = "config.json"

    @register_to_config
    def __init__(self, width=8, depth=2):
        pass


made = Network(32, depth=5)
again = Network.from_config(made.config)
made.save_config("saved")
saved = json.load(open("saved/config.json"))
copy = Network.from_config(saved)
for name, own in (("given", made), ("from its config", again), ("from its file", copy)):
    print(f"{name:16} width {own.config.width}, depth {own.config.depth}")
print("diffusers", diffusers.__version__, made.config["_use_default_values"])
found = [(own.config.width, own.config.depth) for own in (made, again, copy)]
if found != [(32, 5), (8, 5), (32, 5)]:
    sys.exit("no longer as found")
PYTHON
env/bin/python shown.py
