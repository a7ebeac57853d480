/* Clocks. */
#include "win/private.h"

static uint64_t frequency HOST_STATE = 0;

int win_clock_start(void)
{
	LARGE_INTEGER f;

	QueryPerformanceFrequency(&f);
	frequency = (uint64_t)f.QuadPart;
	return 0;
}

int64_t win_clock_monotonic(void)
{
	LARGE_INTEGER now;
	uint64_t t;

	QueryPerformanceCounter(&now);
	t = (uint64_t)now.QuadPart;
	if (frequency == 10000000) /* what Windows 10 has nearly everywhere */
		return (int64_t)(t * 100);
	return (int64_t)(t / frequency * 1000000000 +
			 t % frequency * 1000000000 / frequency);
}

int64_t win_clock_realtime(void)
{
	FILETIME t;

	GetSystemTimePreciseAsFileTime(&t);
	return ns_from_filetime((
		int64_t)(((uint64_t)t.dwHighDateTime << 32) | t.dwLowDateTime));
}

int64_t win_clock_resolution(void)
{
	return (int64_t)(1000000000 / frequency);
}

int win_clock_set_realtime(int64_t ns)
{
	int64_t t = ns / 100 + EPOCH;
	FILETIME file = { (DWORD)t, (DWORD)(t >> 32) };
	SYSTEMTIME system;

	if (!FileTimeToSystemTime(&file, &system) || !SetSystemTime(&system))
		return -EPERM;
	return 0;
}

int64_t win_boot_time(void)
{
	return win_clock_realtime() - (int64_t)GetTickCount64() * 1000000;
}
