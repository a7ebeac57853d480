# Builds the upper half: musl, unmodified, with this folder laid over it by
# musl's own rule (src/DIR/ARCH/NAME.* replaces src/DIR/NAME.c).
#
#   make -f musl.mk MUSL=<musl's sources> OVERLAY=<this folder> OUT=<folder>
#       CC='clang-22 --target=...' AR=llvm-ar-22
#
# makes OUT/include (what programs see of musl), OUT/libc.a.  CPU is where
# musl's x86-64 files serve as they are: bits/, atomic_arch.h, reloc.h and the
# C files with inline assembly under src/math.
.DELETE_ON_ERROR:
.SUFFIXES:

CPU = x86_64
GENERATED = $(OUT)/include/bits/alltypes.h $(OUT)/include/bits/syscall.h

# Headers: musl's own, its architecture's bits, and ours over both.
BITS = $(sort $(notdir $(wildcard $(MUSL)/arch/generic/bits/*.h \
	$(MUSL)/arch/$(CPU)/bits/*.h $(OVERLAY)/arch/nt64/bits/*.h)))
HEADERS = $(patsubst $(MUSL)/include/%,%,$(wildcard $(MUSL)/include/*.h \
	$(MUSL)/include/*/*.h))

BASE = $(patsubst $(MUSL)/%,%,$(wildcard $(MUSL)/src/*/*.c \
	$(MUSL)/src/malloc/mallocng/*.c))
OURS = $(patsubst $(OVERLAY)/%,%,$(wildcard $(OVERLAY)/src/*/nt64/*.c \
	$(OVERLAY)/src/*/nt64/*.S))
THEIRS = $(patsubst $(MUSL)/%,%,$(wildcard $(MUSL)/src/math/$(CPU)/*.c))

# The old allocator is the one that configure would leave out as well.
SOURCES = $(filter-out src/malloc/oldmalloc/%,$(BASE))
REPLACED = $(basename $(subst /nt64/,/,$(OURS)) \
	$(subst /$(CPU)/,/,$(THEIRS)))
OBJECTS = $(addprefix $(OUT)/obj/,$(addsuffix .o,\
	$(filter-out $(REPLACED),$(basename $(SOURCES))) \
	$(basename $(OURS) $(THEIRS))))

FLAGS = -std=c99 -nostdinc -ffreestanding -frounding-math \
	-fno-strict-aliasing -fno-short-wchar -D_XOPEN_SOURCE=700 -O2 -g \
	-fasynchronous-unwind-tables -fno-stack-protector -w \
	-I$(OVERLAY)/arch/nt64 -I$(MUSL)/arch/$(CPU) -I$(MUSL)/arch/generic \
	-I$(OUT)/internal -I$(MUSL)/src/include -I$(MUSL)/src/internal \
	-I$(OUT)/include -I$(MUSL)/include -I$(OVERLAY)/..

all: headers $(OUT)/libc.a

headers: $(GENERATED) $(addprefix $(OUT)/include/,$(HEADERS)) \
	$(addprefix $(OUT)/include/bits/,$(BITS))

$(OUT)/include/bits/alltypes.h: $(MUSL)/arch/$(CPU)/bits/alltypes.h.in \
		$(MUSL)/include/alltypes.h.in
	@mkdir -p $(@D)
	sed -f $(MUSL)/tools/mkalltypes.sed $^ > $@

$(OUT)/include/bits/syscall.h: $(MUSL)/arch/$(CPU)/bits/syscall.h.in
	@mkdir -p $(@D)
	cp $< $@
	sed -n -e 's/__NR_/SYS_/p' < $< >> $@

$(OUT)/internal/version.h: $(MUSL)/VERSION
	@mkdir -p $(@D)
	printf '#define VERSION "%s"\n' "$$(cat $<)" > $@

# The first of the three folders that has it, ours first.
$(addprefix $(OUT)/include/bits/,$(BITS)): $(OUT)/include/bits/%:
	@mkdir -p $(@D)
	for d in $(OVERLAY)/arch/nt64 $(MUSL)/arch/$(CPU) \
		$(MUSL)/arch/generic; do \
		test ! -f $$d/bits/$* || { cp $$d/bits/$* $@; break; }; done

$(addprefix $(OUT)/include/,$(HEADERS)): $(OUT)/include/%: $(MUSL)/include/%
	@mkdir -p $(@D)
	cp $< $@

$(OUT)/obj/%.o: $(MUSL)/%.c | headers $(OUT)/internal/version.h
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -c $< -o $@

$(OUT)/obj/%.o: $(OVERLAY)/%.c | headers $(OUT)/internal/version.h
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -c $< -o $@

$(OUT)/obj/%.o: $(OVERLAY)/%.S | headers
	@mkdir -p $(@D)
	$(CC) -c $< -o $@

$(OUT)/libc.a: $(OBJECTS)
	@rm -f $@
	@printf '%s\n' $(OBJECTS) > $(OUT)/libc.list
	$(AR) crs $@ @$(OUT)/libc.list
