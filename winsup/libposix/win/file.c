/* Files and folders by native names. */
#include "win/private.h"

#include <string.h>

/* Documented members of file information that MinGW's winternl.h lacks. */
enum {
	BASIC_INFORMATION = 4,
	STANDARD_INFORMATION = 5,
	INTERNAL_INFORMATION = 6,
	RENAME_INFORMATION = 10,
	LINK_INFORMATION = 11,
	DISPOSITION_INFORMATION = 13,
	POSITION_INFORMATION = 14,
	END_OF_FILE_INFORMATION = 20,
	NETWORK_OPEN_INFORMATION = 34,
	ATTRIBUTE_TAG_INFORMATION = 35,
	ID_BOTH_DIRECTORY_INFORMATION = 37,
	DISPOSITION_INFORMATION_EX = 64,
	RENAME_INFORMATION_EX = 65,
};

struct basic {
	int64_t created, accessed, modified, changed;
	uint32_t attributes, pad;
};

struct standard {
	int64_t allocated, size;
	uint32_t links;
	uint8_t delete_pending, folder, pad[2];
};

struct network_open {
	int64_t created, accessed, modified, changed;
	int64_t allocated, size;
	uint32_t attributes, pad;
};

/* FILE_RENAME_INFORMATION and FILE_LINK_INFORMATION. */
struct new_name {
	uint32_t flags; /* or, in its first byte, ReplaceIfExists */
	uint32_t pad;
	HANDLE folder;
	uint32_t size;
	WCHAR name[];
};

struct object {
	OBJECT_ATTRIBUTES attributes;
	UNICODE_STRING name;
};

static void make_object(struct object *o, const struct win_name *name)
{
	o->name.Buffer = (WCHAR *)name->text;
	o->name.Length = (USHORT)(name->length * 2);
	o->name.MaximumLength = o->name.Length;
	InitializeObjectAttributes(&o->attributes, &o->name,
		OBJ_CASE_INSENSITIVE, h(name->folder), NULL);
}

/* Wine puts a drive's place in the host's files before a name, and the host
 * takes 4,095 bytes (windows-facts.md #71).  So a long name begins at a folder
 * on the way; of what is in `to`, end_name() closes that. */
#define LONG_NAME 1000 /* units, which may be three bytes each */

static int begin_name(const struct win_name *name, struct win_name *to)
{
	struct win_name way = *name;
	struct object o;
	IO_STATUS_BLOCK io;
	HANDLE folder;
	NTSTATUS status;

	*to = *name;
	if (name->folder || name->length < LONG_NAME)
		return 0;
	for (way.length /= 2; name->text[way.length] != '\\'; way.length--)
		if (!way.length)
			return 0;
	make_object(&o, &way);
	status = NtCreateFile(&folder, SYNCHRONIZE | FILE_TRAVERSE,
		&o.attributes, &io, NULL, 0,
		FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
		FILE_OPEN, FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT,
		NULL, 0);
	if (!OK(status))
		return win_errno_from_status(status);
	to->folder = (win_handle)folder;
	to->text += way.length + 1;
	to->length -= way.length + 1;
	return 0;
}

static void end_name(const struct win_name *name, const struct win_name *to)
{
	if (to->folder != name->folder)
		CloseHandle(h(to->folder));
}

static ACCESS_MASK access_mask(int access)
{
	ACCESS_MASK m = SYNCHRONIZE | FILE_READ_ATTRIBUTES;

	if (access & WIN_FILE_READ)
		m |= FILE_READ_DATA | FILE_READ_EA;
	if (access & WIN_FILE_LIST)
		m |= FILE_LIST_DIRECTORY | FILE_READ_EA;
	if (access & WIN_FILE_MODE)
		m |= FILE_READ_EA;
	if (access & WIN_FILE_WRITE)
		m |= FILE_WRITE_DATA | FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES;
	if (access & WIN_FILE_APPEND)
		m |= FILE_APPEND_DATA | FILE_WRITE_ATTRIBUTES;
	if (access & WIN_FILE_SET_ATTRIBUTES)
		m |= FILE_WRITE_ATTRIBUTES | FILE_READ_EA | FILE_WRITE_EA;
	if (access & WIN_FILE_DELETE)
		m |= DELETE;
	if (access & WIN_FILE_EXECUTE)
		m |= FILE_EXECUTE;
	return m;
}

static ULONG open_options(int options)
{
	ULONG o = FILE_OPEN_FOR_BACKUP_INTENT;

	if (!(options & WIN_FILE_OVERLAPPED))
		o |= FILE_SYNCHRONOUS_IO_NONALERT;
	if (options & WIN_FILE_FOLDER)
		o |= FILE_DIRECTORY_FILE;
	if (options & WIN_FILE_NOT_FOLDER)
		o |= FILE_NON_DIRECTORY_FILE;
	if (options & WIN_FILE_DELETE_ON_CLOSE)
		o |= FILE_DELETE_ON_CLOSE;
	if (options & WIN_FILE_NO_FOLLOW)
		o |= FILE_OPEN_REPARSE_POINT;
	if (options & WIN_FILE_WRITE_THROUGH)
		o |= FILE_WRITE_THROUGH;
	if (options & WIN_FILE_BY_ID)
		o |= FILE_OPEN_BY_FILE_ID;
	return o;
}

int win_file_open(win_handle *out, const struct win_name *name, int access,
	int disposition, int options, uint32_t attributes, bool *created)
{
	static const ULONG dispositions[] = {
		[WIN_OPEN] = FILE_OPEN,
		[WIN_CREATE] = FILE_CREATE,
		[WIN_OPEN_OR_CREATE] = FILE_OPEN_IF,
		[WIN_TRUNCATE] = FILE_OVERWRITE,
	};
	struct win_name short_name;
	struct object o;
	IO_STATUS_BLOCK io;
	HANDLE file;
	NTSTATUS status;
	int r = begin_name(name, &short_name);

	if (r)
		return r;
	make_object(&o, &short_name);
	status = NtCreateFile(&file, access_mask(access), &o.attributes, &io,
		NULL, attributes ? attributes : FILE_ATTRIBUTE_NORMAL,
		FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
		dispositions[disposition], open_options(options), NULL, 0);
	end_name(name, &short_name);
	if (!OK(status))
		return win_errno_from_status(status);
	if (created)
		*created = io.Information == FILE_CREATED;
	*out = (win_handle)file;
	return 0;
}

/* Wine asks by the whole name, also where it begins at a folder. */
static int query_long_name(
	const struct win_name *name, struct win_file_stat *out)
{
	win_handle file;
	int r = win_file_open(&file, name, WIN_FILE_ATTRIBUTES, WIN_OPEN,
		WIN_FILE_NO_FOLLOW, 0, NULL);

	if (r)
		return r;
	r = win_file_stat(file, out);
	win_close(file);
	return r;
}

int win_file_query_name(const struct win_name *name, struct win_file_stat *out)
{
	struct network_open n;
	struct object o;
	NTSTATUS status;

	if (name->length >= LONG_NAME)
		return query_long_name(name, out);
	make_object(&o, name);
	status = NtQueryFullAttributesFile(&o.attributes, &n);
	if (!OK(status))
		return win_errno_from_status(status);
	memset(out, 0, sizeof *out);
	out->size = (uint64_t)n.size;
	out->allocated = (uint64_t)n.allocated;
	out->attributes = n.attributes;
	out->accessed = ns_from_filetime(n.accessed);
	out->modified = ns_from_filetime(n.modified);
	out->changed = ns_from_filetime(n.changed);
	out->created = ns_from_filetime(n.created);
	return 0;
}

/* FILE_ALL_INFORMATION would be one call, but it also finds out the name, which
 * costs more than these three together (windows-facts.md #43). */
int win_file_stat(win_handle file, struct win_file_stat *out)
{
	struct basic b;
	struct standard s;
	IO_STATUS_BLOCK io;
	NTSTATUS status;

	memset(out, 0, sizeof *out);
	if (win_stat_lx(h(file), out))
		return 0;
	status = NtQueryInformationFile(
		h(file), &io, &b, sizeof b, BASIC_INFORMATION);
	if (OK(status))
		status = NtQueryInformationFile(
			h(file), &io, &s, sizeof s, STANDARD_INFORMATION);
	if (OK(status))
		status = NtQueryInformationFile(h(file), &io, &out->id,
			sizeof out->id, INTERNAL_INFORMATION);
	if (!OK(status))
		return win_errno_from_status(status);
	out->size = (uint64_t)s.size;
	out->allocated = (uint64_t)s.allocated;
	out->attributes = b.attributes;
	out->links = s.links;
	/* Windows counts out names that are to be deleted at the last close */
	if (!out->links && !s.delete_pending)
		out->links = 1;
	out->accessed = ns_from_filetime(b.accessed);
	out->modified = ns_from_filetime(b.modified);
	out->changed = ns_from_filetime(b.changed ? b.changed : b.modified);
	out->created = ns_from_filetime(b.created);
	if (out->attributes & FILE_ATTRIBUTE_REPARSE_POINT) {
		struct {
			uint32_t attributes, tag;
		} t;

		status = NtQueryInformationFile(
			h(file), &io, &t, sizeof t, ATTRIBUTE_TAG_INFORMATION);
		if (OK(status))
			out->reparse_tag = t.tag;
	}
	return 0;
}

int win_file_volume(win_handle file, uint64_t *serial)
{
	struct {
		int64_t created;
		uint32_t serial, label_length;
		uint8_t objects;
		WCHAR label[64];
	} v;
	IO_STATUS_BLOCK io;
	NTSTATUS status = NtQueryVolumeInformationFile(
		h(file), &io, &v, sizeof v, 1 /* FileFsVolumeInformation */);

	if (!OK(status) && status != STATUS_BUFFER_OVERFLOW_)
		return win_errno_from_status(status);
	*serial = v.serial;
	return 0;
}

int win_volume_key(win_handle file, uint32_t *key)
{
	struct {
		int64_t total, available;
		uint32_t sectors, bytes;
	} s;
	IO_STATUS_BLOCK io;
	NTSTATUS status = NtQueryVolumeInformationFile(
		h(file), &io, &s, sizeof s, 3 /* FileFsSizeInformation */);
	uint64_t n;

	if (!OK(status))
		return win_errno_from_status(status);
	n = (uint64_t)s.total * s.sectors * s.bytes;
	*key = (uint32_t)(n ^ n >> 32);
	return 0;
}

void win_file_make_sparse(win_handle file)
{
	DWORD n;

	DeviceIoControl(h(file), FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &n, NULL);
}

int win_file_zero(win_handle file, int64_t start, int64_t end, bool hole)
{
	FILE_ZERO_DATA_INFORMATION range = { { .QuadPart = start },
		{ .QuadPart = end } };
	DWORD n;

	if (hole)
		win_file_make_sparse(file);
	if (DeviceIoControl(h(file), FSCTL_SET_ZERO_DATA, &range, sizeof range,
		    NULL, 0, &n, NULL))
		return 0;
	switch (GetLastError()) {
	case ERROR_INVALID_FUNCTION:
	case ERROR_NOT_SUPPORTED:
	case ERROR_CALL_NOT_IMPLEMENTED:
		return -ENOSYS;
	}
	return win_errno_last();
}

/* A transfer that ended in another way than at once and well: bytes, 0 at the
 * end of the file, or -errno. */
static __attribute__((noinline)) int64_t ended(
	HANDLE file, NTSTATUS status, const IO_STATUS_BLOCK *io)
{
	if (status == STATUS_PENDING) {
		WaitForSingleObject(file, INFINITE);
		status = io->Status;
	}
	if (OK(status))
		return (int64_t)io->Information;
	if (status == STATUS_END_OF_FILE_)
		return 0;
	return win_errno_from_status(status);
}

/* Windows' transfers are 32 bits long. */
#define TRANSFER_MAX 0x7ffff000u

static inline ULONG length(size_t size)
{
	return size < TRANSFER_MAX ? (ULONG)size : TRANSFER_MAX;
}

HOT int64_t win_file_read(
	win_handle file, void *to, size_t size, int64_t offset)
{
	LARGE_INTEGER at = { .QuadPart = offset };
	IO_STATUS_BLOCK io = { 0 };
	NTSTATUS status = NtReadFile(h(file), NULL, NULL, NULL, &io, to,
		length(size), offset < 0 ? NULL : &at, NULL);

	return status ? ended(h(file), status, &io) : (int64_t)io.Information;
}

HOT int64_t win_file_write(
	win_handle file, const void *from, size_t size, int64_t offset)
{
	/* -1 is FILE_WRITE_TO_END_OF_FILE: Microsoft "NtWriteFile" */
	LARGE_INTEGER at = { .QuadPart = offset == WIN_AT_END ? -1 : offset };
	IO_STATUS_BLOCK io = { 0 };
	NTSTATUS status = NtWriteFile(h(file), NULL, NULL, NULL, &io, from,
		length(size), offset == -1 ? NULL : &at, NULL);

	return status ? ended(h(file), status, &io) : (int64_t)io.Information;
}

/* Wine 8 asks for the size and then writes there: two processes that append
 * overwrite each other (testsuite/program/file/calls.c). */
bool win_file_appends_atomically(void)
{
	static int answer HOST_STATE = 0;

	if (!answer)
		answer = GetProcAddress(GetModuleHandleA("ntdll.dll"),
				 "wine_get_version")
				 ? 1
				 : 2;
	return answer == 2;
}

/* A byte where no file reaches, since Windows' locks keep others from reading
 * and writing what they cover (Microsoft "LockFileEx", Remarks).  They end
 * with the process that has them. */
#define LOCKED_BYTE (1ll << 62)

int win_file_lock(win_handle file)
{
	OVERLAPPED at = { .OffsetHigh = LOCKED_BYTE >> 32 };

	return LockFileEx(h(file), LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &at)
		       ? 0
		       : win_errno_last();
}

void win_file_unlock(win_handle file)
{
	OVERLAPPED at = { .OffsetHigh = LOCKED_BYTE >> 32 };

	UnlockFileEx(h(file), 0, 1, 0, &at);
}

int win_file_reopen(win_handle *out, win_handle file, int access)
{
	DWORD wanted =
		access & WIN_FILE_WRITE ? GENERIC_READ | GENERIC_WRITE
		: access & WIN_FILE_APPEND
			? FILE_APPEND_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE
			: GENERIC_READ;
	HANDLE again = ReOpenFile(h(file), wanted,
		FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
		FILE_FLAG_BACKUP_SEMANTICS);

	if (again == INVALID_HANDLE_VALUE)
		return win_errno_last();
	*out = (win_handle)again;
	return 0;
}

int64_t win_file_seek(win_handle file, int64_t offset, int whence)
{
	LARGE_INTEGER by = { .QuadPart = offset }, now;

	if (!SetFilePointerEx(h(file), by, &now, (DWORD)whence))
		return GetLastError() == ERROR_NEGATIVE_SEEK ? -EINVAL
							     : win_errno_last();
	return now.QuadPart;
}

static int set_information(win_handle file, void *what, size_t size, int class)
{
	IO_STATUS_BLOCK io;
	NTSTATUS status = NtSetInformationFile(h(file), &io, what, (ULONG)size,
		(FILE_INFORMATION_CLASS) class);

	if (OK(status))
		return 0;
	if (status == STATUS_NOT_IMPLEMENTED ||
		status == STATUS_INVALID_INFO_CLASS_ ||
		status == STATUS_INVALID_PARAMETER_ ||
		status == STATUS_NOT_SUPPORTED_)
		return -ENOSYS;
	return win_errno_from_status(status);
}

int win_file_truncate(win_handle file, int64_t size)
{
	int r = set_information(
		file, &size, sizeof size, END_OF_FILE_INFORMATION);

	return r == -ENOSYS ? -EINVAL : r;
}

int win_file_flush(win_handle file)
{
	IO_STATUS_BLOCK io;
	NTSTATUS status = NtFlushBuffersFile(h(file), &io);

	return OK(status) ? 0 : win_errno_from_status(status);
}

static int64_t filetime_from_ns(int64_t ns)
{
	return ns / 100 + EPOCH;
}

/* A time of 0 is left as it is: Microsoft "FILE_BASIC_INFORMATION". */
int win_file_set_times(win_handle file, int64_t accessed, int64_t modified)
{
	struct basic b = { 0 };

	b.accessed = accessed == INT64_MIN ? 0 : filetime_from_ns(accessed);
	b.modified = modified == INT64_MIN ? 0 : filetime_from_ns(modified);
	return set_information(file, &b, sizeof b, BASIC_INFORMATION);
}

int win_file_set_attributes(win_handle file, uint32_t attributes)
{
	struct basic b = { 0 };

	b.attributes = attributes ? attributes : FILE_ATTRIBUTE_NORMAL;
	return set_information(file, &b, sizeof b, BASIC_INFORMATION);
}

/* FILE_DISPOSITION_INFORMATION_EX: DELETE, POSIX_SEMANTICS,
 * IGNORE_READONLY_ATTRIBUTE; Windows 10 1709, NTFS. */
int win_file_delete(win_handle file, bool posix)
{
	uint32_t flags = 1 | 2 | 0x10;
	uint8_t yes = 1;

	return posix ? set_information(file, &flags, sizeof flags,
			       DISPOSITION_INFORMATION_EX)
		     : set_information(
			       file, &yes, sizeof yes, DISPOSITION_INFORMATION);
}

static int set_name(
	win_handle file, const struct win_name *to, uint32_t flags, int class)
{
	struct win_name name;
	struct new_name *n;
	size_t size;
	int r = begin_name(to, &name);

	if (r)
		return r;
	size = sizeof(struct new_name) + name.length * 2 + 2;
	n = win_alloc(size);
	if (n) {
		n->flags = flags;
		n->folder = h(name.folder);
		n->size = (uint32_t)name.length * 2;
		memcpy(n->name, name.text, n->size);
	}
	r = n ? set_information(file, n, size, class) : -ENOMEM;
	win_free(n);
	end_name(to, &name);
	return r;
}

/* FILE_RENAME_INFORMATION_EX: REPLACE_IF_EXISTS 1, POSIX_SEMANTICS 2,
 * IGNORE_READONLY_ATTRIBUTE 0x40. */
int win_file_rename(
	win_handle file, const struct win_name *to, bool replace, bool posix)
{
	return posix ? set_name(file, to, (replace ? 1 : 0) | 2 | 0x40,
			       RENAME_INFORMATION_EX)
		     : set_name(file, to, replace, RENAME_INFORMATION);
}

int win_file_link(win_handle file, const struct win_name *to)
{
	return set_name(file, to, 0, LINK_INFORMATION);
}

int64_t win_file_path(win_handle file, uint16_t *to, size_t room)
{
	WCHAR *path = win_alloc(32768 * 2);
	int64_t r;
	DWORD n;

	if (!path)
		return -ENOMEM;
	n = GetFinalPathNameByHandleW(h(file), path, 32768, VOLUME_NAME_DOS);
	if (!n || n >= 32768) {
		r = n ? -ENAMETOOLONG : win_errno_last();
	} else if (n + 1 > room) {
		r = -ENAMETOOLONG;
	} else {
		memcpy(to, path, (n + 1) * 2);
		if (n > 4 && to[1] == '\\' && to[2] == '?')
			to[1] = '?'; /* "\\?\" as "\??\" */
		r = n;
	}
	win_free(path);
	return r;
}

int win_file_type(win_handle handle)
{
	return (int)(GetFileType(h(handle)) & 3);
}

bool win_file_same(win_handle a, win_handle b)
{
	uint64_t x, y;
	IO_STATUS_BLOCK io;

	return OK(NtQueryInformationFile(
		       h(a), &io, &x, sizeof x, INTERNAL_INFORMATION)) &&
	       OK(NtQueryInformationFile(
		       h(b), &io, &y, sizeof y, INTERNAL_INFORMATION)) &&
	       x == y;
}

/* FILE_ID_BOTH_DIR_INFORMATION */
struct entry {
	uint32_t next, index;
	int64_t created, accessed, modified, changed, size, allocated;
	uint32_t attributes, name_length, ea_size;
	int8_t short_length;
	WCHAR short_name[12];
	uint64_t id;
	WCHAR name[];
};

int64_t win_folder_read(
	win_handle folder, void *buffer, size_t size, bool restart)
{
	IO_STATUS_BLOCK io = { 0 };
	NTSTATUS status = NtQueryDirectoryFile(h(folder), NULL, NULL, NULL, &io,
		buffer, (ULONG)size, ID_BOTH_DIRECTORY_INFORMATION, FALSE, NULL,
		restart);

	if (status == STATUS_NO_MORE_FILES_ ||
		status == (NTSTATUS)0xc000000f /* STATUS_NO_SUCH_FILE */)
		return 0;
	if (!OK(status))
		return win_errno_from_status(status);
	return (int64_t)io.Information;
}

bool win_folder_next(const void *buffer, size_t used, size_t *position,
	struct win_folder_entry *out)
{
	const struct entry *e;

	if (*position >= used)
		return false;
	e = (const struct entry *)((const char *)buffer + *position);
	out->id = e->id;
	out->size = (uint64_t)e->size;
	out->attributes = e->attributes;
	/* for a reparse point the extended-attribute size holds its tag:
	 * Microsoft "FILE_ID_BOTH_DIR_INFORMATION", EaSize */
	out->reparse_tag =
		e->attributes & FILE_ATTRIBUTE_REPARSE_POINT ? e->ea_size : 0;
	out->name = (const uint16_t *)e->name;
	out->length = e->name_length / 2;
	out->modified = ns_from_filetime(e->modified);
	*position = e->next ? *position + e->next : used;
	return true;
}

int win_volume_space(win_handle file, struct win_volume_space *out)
{
	struct {
		int64_t total, available, free;
		uint32_t sectors, bytes;
	} s;
	struct {
		uint32_t attributes;
		int32_t name_max;
		uint32_t length;
		WCHAR name[32];
	} a;
	IO_STATUS_BLOCK io;
	NTSTATUS status = NtQueryVolumeInformationFile(
		h(file), &io, &s, sizeof s, 7 /* FileFsFullSizeInformation */);

	if (!OK(status))
		return win_errno_from_status(status);
	out->block = s.sectors * s.bytes;
	out->total = (uint64_t)s.total * out->block;
	out->available = (uint64_t)s.available * out->block;
	out->free = (uint64_t)s.free * out->block;
	out->name_max = 255;
	status = NtQueryVolumeInformationFile(
		h(file), &io, &a, sizeof a, 5 /* FileFsAttributeInformation */);
	if (OK(status) || status == STATUS_BUFFER_OVERFLOW_)
		out->name_max = (uint32_t)a.name_max;
	return win_file_volume(file, &out->serial);
}

uint32_t win_drives(void)
{
	return GetLogicalDrives();
}
