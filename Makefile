# SPDX-License-Identifier: GPL-2.0-or-later
# graintools: `make help` lists what can be asked for.

VERSION := 0.1.0
PREFIX  ?= /usr/local
SUDO    ?= $(if $(filter 0,$(shell id -u)),,sudo)

# A tool is a file in tools/. It is a producer when bpf/ has its kernel side, else a helper.
TOOLS     := $(sort $(basename $(notdir $(wildcard tools/*.c))))
PRODUCERS := $(filter $(TOOLS),$(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c)))
HELPERS   := $(filter-out $(PRODUCERS),$(TOOLS))

B      := build
BIN     = $(B)/bin
CLANG  ?= clang
WARN   := -Wall -Wextra -Werror
CFLAGS ?= -O2 -g
FLAGS   = -std=gnu11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. -Icommon -I$(B) $(WARN) -Wno-missing-field-initializers -MMD -MP
ifdef SANITIZE
B      := build/sanitize
CFLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
# STATIC=1: producers without any run-time dependency, into build/$(ARCH). ARCH=arm64 or amd64 too
# when it isn't this machine's, with Debian's cross compiler and libraries in a sysroot (more: another).
HOST_ARCH := $(shell dpkg --print-architecture 2>/dev/null)
ARCH      ?= $(HOST_ARCH)
ifneq ($(STATIC)$(ARCH),$(HOST_ARCH))
B       := build/$(ARCH)
LDFLAGS += -static
endif
ifneq ($(ARCH),$(HOST_ARCH))
TRIPLET := $(if $(filter arm64,$(ARCH)),aarch64,x86_64)-linux-gnu
SYSROOT  = .cache/sysroot/$(ARCH)-$(words $(DEPS) $(DEPS_TEST))
CC       = $(TRIPLET)-gcc --sysroot=$(CURDIR)/$(SYSROOT)
AR      := $(TRIPLET)-ar
endif
# The machine that the programs will watch, in the words that libbpf's headers use.
BPF_ARCH  := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell $(CC) -dumpmachine | cut -d- -f1)))
BPF_FLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -I. $(WARN) -Wno-missing-field-initializers -Wno-unused-parameter -MMD -MP

LIBS_producer := -lbpf -lelf -lz -lseccomp -Wl,--as-needed -lnettle
LIBS_helper   := -Wl,--as-needed -lm -lnettle -lz -lcurl
COMMON        := $(patsubst %.c,$(B)/%.o,$(wildcard common/*/*.c))
LIB           := $(B)/libgrain.a

DEPS      := gcc make clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev libseccomp-dev libxxhash-dev nettle-dev libcurl4-openssl-dev
DEPS_BENCH := libbpf-tools bpftrace miller tcpdump tshark dnsperf dnsmasq-base bind9-dnsutils syslog-ng-core syslog-ng-mod-http fatrace inotify-tools awscli rclone
DEPS_TEST := perl python3 openssl python3-statsd python3-aiodogstatsd ruby-statsd libnet-statsd-perl bats jq gawk zsh mandoc shellcheck clang-format codespell libclang-rt-14-dev libjansson-dev libpcap-dev strace file procps util-linux iproute2 libcap2-bin dnsmasq-base unbound bind9-dnsutils dnsperf curl time nginx-light clickhouse-server
DEPS_VM   := qemu-system-x86 qemu-system-arm cpio xz-utils perl gcc-$(if $(filter arm64,$(HOST_ARCH)),x86-64,aarch64)-linux-gnu

all: $(TOOLS:%=$(BIN)/%)  ## build every tool into build/bin (the default)

help:  ## this list
	@echo 'make TARGET [SANITIZE=1] [DESTDIR=…] [PREFIX=$(PREFIX)]'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

## One rule for each arrow: .bpf.c -> .bpf.o -> .skel.h, .c -> .o, link.

$(B)/%.bpf.o: %.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_FLAGS) -c $< -o $@
	llvm-strip -g $@

$(B)/%.skel.h: $(B)/%.bpf.o
	bpftool gen skeleton $< name $(notdir $*)_bpf > $@.tmp && mv $@.tmp $@

$(B)/%.o: %.c | $(SYSROOT)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(LIB): $(COMMON)
	@rm -f $@
	$(AR) rcs $@ $^

$(PRODUCERS:%=$(B)/tools/%.o): $(B)/tools/%.o: $(B)/bpf/%.skel.h

$(PRODUCERS:%=$(BIN)/%): $(BIN)/%: $(B)/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(LIB) $(LIBS_producer) -o $@

$(HELPERS:%=$(BIN)/%): $(BIN)/%: $(B)/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(filter-out -static,$(LDFLAGS)) $< $(LIB) $(LIBS_helper) -o $@

## Install, static, documents.

static:  ## tools, producers without any run-time dependency, into build/static; ARCH=arm64 or amd64
	$(MAKE) --no-print-directory STATIC=1 all
	@ln -sfnT $(ARCH)/bin build/static

$(SYSROOT):
	tests/vm/packages.sh '' $(ARCH) closure $@.tmp $(filter-out libclang%,$(filter %-dev,$(DEPS) $(DEPS_TEST))) libc6-dev
	mv $@.tmp $@

# What the tables say in manuals and completions: each tool has a program that prints it, into
# build/docs/made, which `make docs` copies to where it is committed and `make style` compares.
DOCS := $(TOOLS:%=man/%.8) man/graintools.7 man/graintools-events.5 $(TOOLS:%=completions/%.bash) $(TOOLS:%=completions/_%)
MADE := $(B)/docs/made

DOCS_OBJECTS := $(patsubst %.c,$(B)/%.o,$(filter-out man/docs.c,$(wildcard man/*.c)))
$(TOOLS:%=$(B)/docs/%): $(B)/docs/%: man/docs.c $(DOCS_OBJECTS) $(B)/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CFLAGS) -DTOOL=$(if $(filter $*,$(HELPERS)),helper,$*) -DTOOL_FILE='"tools/$*.c"' $< $(DOCS_OBJECTS) $(LIB) $(LIBS_producer) $(LIBS_helper) -o $@

documents: $(TOOLS:%=man/%.8.in) $(TOOLS:%=$(B)/docs/%)
	@man/documents.sh $(B)/docs $(MADE) '$(TOOLS)' '$(PRODUCERS)'

docs: documents  ## make manuals and completions anew, from the tables and *.in
	cp -r $(MADE)/. .

TO := $(DESTDIR)$(PREFIX)
install: all  ## into $(DESTDIR)$(PREFIX): tools, manuals, completions
	install -D -t $(TO)/bin $(TOOLS:%=$(BIN)/%)
	install -D -m 644 -t $(TO)/share/man/man8 $(TOOLS:%=man/%.8)
	install -D -m 644 -t $(TO)/share/man/man7 man/graintools.7
	install -D -m 644 -t $(TO)/share/man/man5 man/graintools-events.5
	install -D -m 644 -t $(TO)/share/zsh/site-functions $(TOOLS:%=completions/_%)
	@set -e; $(foreach t,$(TOOLS),install -D -m 644 completions/$t.bash $(TO)/share/bash-completion/completions/$t;)

uninstall:  ## what install put there
	rm -f $(addprefix $(TO)/,$(TOOLS:%=bin/%) $(TOOLS:%=share/man/man8/%.8) share/man/man7/graintools.7 \
		share/man/man5/graintools-events.5 $(TOOLS:%=share/zsh/site-functions/_%) \
		$(TOOLS:%=share/bash-completion/completions/%))

dist:  ## a tarball for each of ARCHES, with a `make install` that needs nothing else, into build/dist
	@set -e; for arch in $(ARCHES); do dist/build.sh $(VERSION) $$arch; done

deps:  ## install what building needs (Debian)
	$(call install_packages,$(DEPS))

deps-vm: deps  ## install what check-vm, verify and other architectures need (Debian)
	$(call install_packages,$(DEPS_VM))

deps-test: deps  ## install what the tests need (Debian)
	$(call install_packages,$(DEPS_TEST) netdata-core collectd-core s3cmd libfaketime radosgw ceph-osd ceph-mon $(if $(shell command -v npm),,npm))
	@for p in hot-shots-17.1.1 statsd-0.9.0 @20minutes/s3rver-4.0.4 @duckdb/node-api-1.5.6-r.1; do n=$${p%%-[0-9]*}; test -d .cache/npm/$$p/node_modules/$$n || timeout 120 npm install --silent --no-audit --no-fund $$(case $$n in hot*) echo --omit=optional; esac) --prefix .cache/npm/$$p $$n@$${p#$$n-} || echo "no $$p of npm: its tests are skipped"; done

# Nothing is asked of the network when all is there. No service that a package brings is started.
define install_packages
@missing=$$(for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
test -z "$$missing" || { echo "installing" $$missing; $(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $$missing >/dev/null; }
endef

## Tests. Each test is a program that prints TAP; prove(1) runs them and adds up.

UNIT      := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*.c))
BPF_TEST  := $(patsubst %.c,$(B)/%,$(filter-out %.bpf.c,$(wildcard tests/bpf/*.c)))
TABLES    := $(PRODUCERS:%=$(B)/tests/tables/%)
WORKLOADS := $(patsubst %.c,$(B)/%,$(wildcard tests/e2e/*.c))
EXAMPLE   := $(B)/tests/example/forkwatch
VERIFY    := $(PRODUCERS:%=$(B)/tests/verify/%)
TESTS     := $(UNIT) $(BPF_TEST) $(TABLES) $(WORKLOADS) $(EXAMPLE) $(VERIFY)
E2E       := $(wildcard tests/e2e/*.bats tests/example/*.bats)

$(B)/tests/unit/json $(B)/tests/bench/json: LDLIBS := -ljansson
$(B)/tests/unit/capture: LDLIBS := $(if $(findstring -static,$(LDFLAGS)),,-lpcap)  # static, it drags in half a system
$(UNIT) $(WORKLOADS): $(B)/%: $(B)/%.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(LIB) $(LDLIBS) $(LIBS_helper) -o $@

$(BPF_TEST:%=%.o): %.o: %.skel.h
$(EXAMPLE).o: $(EXAMPLE).skel.h
$(BPF_TEST) $(EXAMPLE): %: %.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(LIB) $(LIBS_producer) -o $@

# A tool's tables are its own: the test that holds them against BTF includes the tool's source, and
# has in it the structs of the tool's header, compiled for the kernel side.
$(TABLES): $(B)/tests/tables/%: tests/tables.c $(B)/tests/tables/%.bpf.o $(B)/tools/%.o $(LIB)
	$(CC) $(FLAGS) $(CFLAGS) $(LDFLAGS) -DTOOL=$* -DTOOL_FILE='"tools/$*.c"' -DTYPES='"$@.bpf.o"' $< $(LIB) $(LIBS_producer) -o $@

$(TABLES:%=%.bpf.o): $(B)/tests/tables/%.bpf.o: tests/tables.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_FLAGS) -DHEADER='"bpf/$*.h"' \
		-DSTRUCTS="$$(sed -n 's/^struct \([a-z0-9_]*\) {$$/struct \1 \1;/p' bpf/$*.h | tr '\n' ' ')" -c $< -o $@
	llvm-strip -g $@

# The tools, telling what the verifier did.
$(VERIFY): $(B)/tests/verify/%: $(B)/tests/vm/verify.o $(B)/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--wrap=bpf_object__open_mem,--wrap=libbpf_set_print $^ $(LIBS_producer) -o $@

tests: $(TESTS)

unit: $(UNIT)
	prove --exec '' $(UNIT)

FUZZ := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/*.c))
FUZZ_FLAGS := -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
$(B)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(FLAGS) -O1 $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c $< -o $@

$(FUZZ): $(B)/%: $(B)/fuzz/%.o $(patsubst %.c,$(B)/fuzz/%.o,$(wildcard common/base/*.c common/net/*.c common/sink/*.c))
	@mkdir -p $@.corpus
	$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer $^ -ljansson $(LIBS_helper) -o $@

fuzz: $(FUZZ)  ## hostile bytes for what reads them, FUZZ_SECONDS=5 each; what is found stays in build/
	@tests/fuzz/run.sh $(or $(FUZZ_SECONDS),5) $^

# Two at a time, in mount and network namespaces of their own. Root, as there is no BPF without.
check: all $(TESTS) fuzz  ## run all tests (root, or sudo)
	$(MAKE) --no-print-directory SANITIZE=1 unit build/sanitize/bin/dnssnoop
	$(SUDO) env BUILD=$(CURDIR)/$(B) unshare --mount --net sh -c \
		'ip link set lo up && exec prove -j2 --exec "" $(BPF_TEST) $(TABLES) $(E2E)'

# On kernels of the distribution, booted under software emulation. 5.10 is below what is supported.
KERNELS  ?= 5.10 6.1 6.12 7.2
ARCHES   ?= amd64 arm64
MACHINES ?= $(foreach arch,$(ARCHES),$(KERNELS:%=%-$(arch)))
check-vm:  ## run all tests on other kernels; KERNELS="6.1 6.12" ARCHES=amd64, or MACHINES=6.1-arm64; QUICK=1
	QUICK=$(QUICK) tests/vm/matrix.sh check $(MACHINES)

verify:  ## have all BPF programs verified on other kernels, as check-vm has them; BUDGET=write
	tests/vm/matrix.sh $(if $(BUDGET),budget,verify) $(MACHINES)

C_FILES  := $(shell git ls-files '*.c' '*.h' 2>/dev/null)
SH_FILES := .ci/run tests/demo tests/bench/run $(shell git ls-files '*.sh' '*.bats' '*.bash' 2>/dev/null)

style: documents  ## check layout, spelling, scripts, manuals, and that clang has no complaint either
	@for f in $(DOCS); do diff -u $$f $(MADE)/$$f || { echo "$$f is not what make docs makes"; exit 1; }; done
	clang-format --dry-run -Werror $(C_FILES)
	shellcheck -x $(SH_FILES)
	codespell -q 3 -L nd,ede,te $(C_FILES) $(SH_FILES) README.md man completions Makefile
	mandoc -T lint -W warning man/*.[1-9]
	@! grep -L 'SPDX-License-Identifier: GPL-2.0-or-later' $(C_FILES) $(SH_FILES) Makefile $(wildcard man/* completions/*) | sed 's/$$/: no licence line/' | grep .
	$(MAKE) --no-print-directory CC=clang B=$(B)/clang all $(TESTS:$(B)/%=$(B)/clang/%) $(TOOLS:%=$(B)/clang/docs/%)

BENCH := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
$(B)/tests/bench/format.o $(B)/tests/bench/packets.o: $(PRODUCERS:%=$(B)/bpf/%.skel.h)
$(BENCH): %: %.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(LIB) $(LIBS_producer) $(LDLIBS) -o $@

bench: deps-test all static $(BENCH)  ## measure and compare (root, or sudo); TOOL=NAME for one tool
	$(call install_packages,$(DEPS_BENCH))
	$(SUDO) env BUILD=$(CURDIR)/$(B) unshare --mount --net tests/bench/run $(TOOL)

demo: deps all  ## install what is needed, build, and show live events
	$(SUDO) env BUILD=$(CURDIR)/$(B) tests/demo

clean:  ## remove build/ (what was downloaded for other architectures and kernels stays in .cache/)
	rm -rf build

.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: dist fuzz tests check-vm verify deps-vm all help deps deps-test demo check unit style docs documents install uninstall static bench clean
-include $(shell find $(B) -name '*.d' 2>/dev/null)
