/* Windows' errors as Linux' numbers. */
#include "win/private.h"

static const struct {
	DWORD code;
	int error;
} errors[] = {
#define CODE(code, error) { code, error },
#include "win/errors.def"
#undef CODE
};

int win_errno_from_code(uint32_t code)
{
	SetLastError(code);
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].code == code)
			return -errors[i].error;
	win_trace("unknown Windows error %u", code);
	return -EIO;
}

int win_errno_from_status(int32_t status)
{
	switch ((uint32_t)status) {
	case 0xc00000baU: /* STATUS_FILE_IS_A_DIRECTORY: Windows' code for it
			   * is ERROR_ACCESS_DENIED */
		return -EISDIR;
	case 0xc0000103U: /* STATUS_NOT_A_DIRECTORY */
		return -ENOTDIR;
	case 0xc0000056U: /* STATUS_DELETE_PENDING: access denied as a code */
		return -ENOENT;
	case 0xc0000018U: /* STATUS_CONFLICTING_ADDRESSES */
		return -EEXIST;
	case 0xc0000005U: /* STATUS_ACCESS_VIOLATION */
	case 0x80000001U: /* STATUS_GUARD_PAGE_VIOLATION */
	case 0xc00000e8U: /* STATUS_INVALID_USER_BUFFER */
		return -EFAULT;
	case 0xc00000d4U: /* STATUS_NOT_SAME_DEVICE */
		return -EXDEV;
	}
	return win_errno_from_code(RtlNtStatusToDosError(status));
}

int win_errno_last(void)
{
	return win_errno_from_code(GetLastError());
}

uint32_t win_error_code(void)
{
	return GetLastError();
}
