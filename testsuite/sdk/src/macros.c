/* What the compiler says about its target. */
#include <limits.h>
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <wchar.h>

#ifndef __libposix__
#error __libposix__
#endif
#if defined(__CYGWIN__) || defined(__CYGWIN64__) || defined(_WIN32) || \
	defined(_WIN64) || defined(__MINGW32__) || defined(__MSYS__)
#error a Windows macro
#endif
#ifdef LINUX
#if !defined(__linux__) || !defined(__linux)
#error -mlinux
#endif
#include <asm/types.h>
#include <linux/fs.h>
#include <linux/version.h>
#include <mtd/mtd-user.h>
#include <sys/mount.h>
#elif defined(__linux__) || defined(__linux) || defined(linux)
#error __linux__
#endif
#if !defined(__unix__) || !defined(__LP64__)
#error __unix__ or __LP64__
#endif

_Static_assert(sizeof(long) == 8 && sizeof(void *) == 8, "LP64");
_Static_assert(sizeof(wchar_t) == 4 && WCHAR_MAX == 0x7fffffff, "wchar_t");
_Static_assert(sizeof(L"x") == 8 && sizeof(U"x") == 8, "literals");
_Static_assert((wchar_t)-1 < 0, "signed");
_Static_assert(sizeof(long double) == 16, "x87");
_Static_assert(sizeof(off_t) == 8 && sizeof(time_t) == 8, "64-bit types");
_Static_assert(sizeof(size_t) == 8 && sizeof(wint_t) == 4, "types");
_Static_assert(CHAR_MIN < 0, "plain char is signed");
_Static_assert(_Alignof(max_align_t) == 16, "alignment");

int main(void)
{
	setlocale(LC_ALL, "C.UTF-8");
	printf("%ls %zu\n", L"wide \x20ac", sizeof(long));
	return 0;
}
