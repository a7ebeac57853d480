#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include "dl_call.h"

/* A PE image has no program headers: each is shown as one PT_LOAD that spans
 * it, so that callers can tell which image an address belongs to. */
int dl_iterate_phdr(
	int (*callback)(struct dl_phdr_info *info, size_t size, void *data),
	void *data)
{
	struct posix_dl d = { .index = 0 };
	int r = 0;

	for (; !r && __syscall(SYS_posix_dliterate, &d) >= 0; d.index++) {
		ElfW(Phdr) header = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_memsz = d.size,
			.p_align = 4096,
		};
		struct dl_phdr_info info = {
			.dlpi_addr = (uintptr_t)d.base,
			.dlpi_name = __posix_dl_name(d.object),
			.dlpi_phdr = &header,
			.dlpi_phnum = 1,
			.dlpi_adds = d.index + 1,
		};

		r = callback(&info, sizeof info, data);
	}
	return r;
}
