# Every target is a task of tasks.py, which also runs where there is no make: python tasks.py TARGET
PYTHON ?= python3
TARGETS := help demo test test-all sanitize bench bench-accuracy bench-distributed bench-stream docs lint format build clean

.DEFAULT_GOAL := help
.PHONY: $(TARGETS)
$(TARGETS):
	@$(PYTHON) tasks.py $@ $(ARGUMENTS)
