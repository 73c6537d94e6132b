# Everything that is done with this repository. `make help` lists it.
# Only Python (3.10 or newer), git and the package registries are needed; the rest is fetched into .cache/.

PYTHON ?= python3
PORT ?= 8188
EXIT ?=
MINUTES ?= 10
OLDEST := 0.16.3
NEWEST := 0.30.0
ALL := 0.16.3 0.18.2 0.20.1 0.24.1 0.26.0 0.27.0 0.30.0

PROVISION := $(PYTHON) -m tests.comfyui.provision
# the test environment's interpreter, which is built first where it is missing
RUN := $(PROVISION) --run
PYTEST := $(RUN) -m pytest

.DEFAULT_GOAL := help
.PHONY: help provision demo test test-unit test-js test-contract test-faults-slice test-browser test-matrix test-host test-faults test-fuzz test-gpu test-stacks bench lint types format clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

provision:  ## fetch a real ComfyUI and build the environment that runs it (nothing to do the second time)
	@$(PROVISION) $(NEWEST) $(OLDEST) >/dev/null

demo:  ## profile the example workflow in a real ComfyUI and leave it running (PORT=8188, EXIT=1 ends by itself)
	@$(RUN) -m tests.comfyui.demo --port $(PORT) $(if $(EXIT),--exit)

# Two at a time, the longest first; make 4 keeps their output apart. Three gain 20 seconds of ten minutes and
# make every test slower.
test: provision  ## everything that must pass, about ten minutes on two cores
	@echo "Two test runs at a time; each prints its results when it is complete."
	@$(MAKE) --no-print-directory --keep-going -j 2 \
	  $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
	  $(if $(COMFYUI_PATH),test-contract,$(NEWEST:%=test-contract-%) $(OLDEST:%=test-contract-%)) \
	  test-browser test-unit test-faults-slice lint types test-js

lint:  ## style and formatting
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

types:  ## static types, strictly
	@$(RUN) -m tests.comfyui.types

test-js:  ## pure JavaScript modules, where node is installed
	@if command -v node >/dev/null && ls tests/js/*.test.mjs >/dev/null 2>&1; then node --test tests/js/*.test.mjs; \
	else echo "skipped: node is not installed, or there are no JavaScript tests"; fi

test-unit:  ## without ComfyUI and torch, seconds
	@$(PYTEST) tests/unit

test-contract:  ## against the newest and the oldest real ComfyUI, as they come
	@$(RUN) -m tests.comfyui.contract $(OLDEST) $(NEWEST)

test-contract-%:
	@$(RUN) -m tests.comfyui.contract $*

test-faults-slice:  ## some parts of the profiler broken in a real ComfyUI
	@$(PYTEST) tests/faults

test-browser:  ## the panel and the nodes in a real Chromium against a real ComfyUI
	@$(RUN) -m tests.comfyui.browser

test-matrix:  ## the contract tests against all seven pinned ComfyUI versions; writes the README's table
	@$(PROVISION) all >/dev/null
	@$(RUN) -m tests.comfyui.contract --table $(ALL)

test-host:  ## ComfyUI's own execution tests with every prompt profiled, against all pinned versions
	@$(PROVISION) all >/dev/null
	@$(RUN) -m tests.comfyui.host_suite $(NEWEST) $(filter-out $(NEWEST),$(ALL))

test-faults:  ## every part of the profiler broken, alone and in pairs, 3,000 prompts (about an hour)
	@PROFILER_FAULTS=all $(PYTEST) tests/faults

test-fuzz:  ## 5,000 made-up requests from the OpenAPI document, and histories of any content
	@FUZZ_CASES=5000 $(PYTEST) tests/contract/test_fuzz.py tests/unit/store/test_mend_types.py tests/unit/workflow/test_any_workflow.py

test-statistics:  ## every rate claimed of conclusions from several runs, on thousands of planted truths
	@$(RUN) -m metrics.conclusions

test-gpu:  ## the measurements against known truths, on a machine with a GPU
	@$(PYTEST) tests/gpu -s

test-stacks:  ## ten minutes of looking into a process whose threads come and go (MINUTES=10)
	@$(RUN) -m tests.comfyui.stack_stress $$(($(MINUTES) * 60))

bench:  ## what the profiler itself costs; writes metrics/results/
	@$(RUN) -m metrics.overhead
	@$(RUN) -m metrics.small_prompt
	@$(RUN) -m metrics.startup
	@$(RUN) -m metrics.ending
	@$(RUN) -m metrics.report_speed
	@$(RUN) -m metrics.sampler_cost
	@$(RUN) -m metrics.guard
	@$(RUN) -m metrics.history_speed --server
	@$(RUN) -m metrics.several_runs
	@$(RUN) -m metrics.conclusions
	@$(RUN) -m metrics.accuracy
	@$(RUN) -m metrics.timeline
	@$(RUN) -m metrics.panel
	@$(RUN) -m metrics.stacks

format:  ## rewrite the sources in the one style
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

clean:  ## remove everything that was fetched or built
	rm -rf .cache .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
