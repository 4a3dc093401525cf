# For projects that compile their BPF sources themselves: headers by ctxgen, the rest as before.
#
#	make -f header.mk

CTXGEN ?= ctxgen
CLANG ?= clang
OUT ?= build
INCLUDE := $(OUT)/include
SOURCES := execs.bpf.c
# Objects have names that are identifiers, and so have their files.
name = $(subst -,_,$(1))

all: $(SOURCES:%.bpf.c=$(OUT)/%.bpf.o)

$(OUT)/headers.stamp: $(SOURCES)
	$(CTXGEN) header -o $(INCLUDE) --depfile $@.d --depfile-target $@ $(SOURCES)
	@touch $@
-include $(OUT)/headers.stamp.d

# `%.args` has what clang takes for this kernel: the target, the headers' folder and so on. An object depends on
# the headers themselves, which keep their times where they would be the same, so that nothing is compiled again.
ARGS := $(call name,$(SOURCES:%.bpf.c=%.args))
$(INCLUDE)/ctx.h $(INCLUDE)/vmlinux.h $(ARGS:%=$(INCLUDE)/%): $(OUT)/headers.stamp ;

.SECONDEXPANSION:
$(OUT)/%.bpf.o: %.bpf.c $(INCLUDE)/ctx.h $(INCLUDE)/vmlinux.h $(INCLUDE)/$$(call name,$$*).args
	$(CLANG) @$(INCLUDE)/$(call name,$*).args -MMD -MP -MF $@.d -c $< -o $@
-include $(SOURCES:%.bpf.c=$(OUT)/%.bpf.o.d)

.PHONY: all
