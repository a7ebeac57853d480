/* The POSIX mode that NTFS keeps with a file: the extended attribute $LXMOD,
 * which the Windows Subsystem for Linux reads and writes too (Microsoft "File
 * Permissions for WSL").  Wine 8 has neither it nor the query. */
#include "win/private.h"

#include <string.h>

NTSTATUS NTAPI NtSetEaFile(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG);

#define STATUS_EAS_NOT_SUPPORTED_ ((NTSTATUS)0xc000004f)

enum { STAT_LX_INFORMATION = 70 }; /* Windows 10 1803 */

/* FILE_STAT_LX_INFORMATION */
struct stat_lx {
	uint64_t id;
	int64_t created, accessed, modified, changed, allocated, size;
	uint32_t attributes, reparse_tag, links, access;
	uint32_t flags, uid, gid, mode, device_major, device_minor;
};

#define HAS_MODE 4u /* LX_FILE_METADATA_HAS_MODE */

/* UNKNOWN until a file was asked. */
static enum { UNKNOWN, PRESENT, ABSENT } query_class HOST_STATE = UNKNOWN;

bool win_stat_lx(HANDLE file, struct win_file_stat *out)
{
	struct stat_lx s;
	IO_STATUS_BLOCK io;
	NTSTATUS status;

	if (query_class == ABSENT)
		return false;
	status = NtQueryInformationFile(
		file, &io, &s, sizeof s, STAT_LX_INFORMATION);
	if (status == STATUS_INVALID_INFO_CLASS_ ||
		status == STATUS_NOT_IMPLEMENTED)
		query_class = ABSENT;
	if (!OK(status))
		return false;
	query_class = PRESENT;
	out->id = s.id;
	out->size = (uint64_t)s.size;
	out->allocated = (uint64_t)s.allocated;
	out->attributes = s.attributes;
	out->links = s.links;
	out->reparse_tag = s.reparse_tag;
	out->accessed = ns_from_filetime(s.accessed);
	out->modified = ns_from_filetime(s.modified);
	out->changed = ns_from_filetime(s.changed);
	out->created = ns_from_filetime(s.created);
	if (s.flags & HAS_MODE)
		out->mode = s.mode;
	return true;
}

bool win_modes_are_kept(win_handle file)
{
	struct win_file_stat st;

	if (query_class == UNKNOWN)
		win_stat_lx(h(file), &st);
	return query_class == PRESENT;
}

int win_file_set_mode(win_handle file, uint32_t mode)
{
	static const char name[] = "$LXMOD";
	struct { /* FILE_FULL_EA_INFORMATION */
		uint32_t next;
		uint8_t flags, name_length;
		uint16_t value_length;
		char name[sizeof name];
		uint8_t value[4];
	} ea = { .name_length = sizeof name - 1, .value_length = 4 };
	IO_STATUS_BLOCK io;
	NTSTATUS status;

	if (!win_modes_are_kept(file))
		return -EOPNOTSUPP;
	memcpy(ea.name, name, sizeof name);
	memcpy(ea.value, &mode, 4);
	status = NtSetEaFile(h(file), &io, &ea, sizeof ea);
	if (OK(status))
		return 0;
	return status == STATUS_EAS_NOT_SUPPORTED_ ||
			       status == STATUS_NOT_SUPPORTED_ ||
			       status == STATUS_NOT_IMPLEMENTED
		       ? -EOPNOTSUPP
		       : win_errno_from_status(status);
}
