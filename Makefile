# The commands people type; everything real is in tools/ and CMakePresets.json.
.PHONY: build demo install package test test-fast bench soak clean setup
PREFIX ?= /usr/local

setup:
	@tools/setup

build: setup
	@tools/build release

demo: build
	@tools/demo

install: build
	@tools/install "$(PREFIX)"

package: build
	@tools/package

test: setup
	@tools/test

test-fast: build
	@tools/test fast

bench: build
	@tools/bench

soak: build
	@tools/test soak

clean:
	rm -rf build
