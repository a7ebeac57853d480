/* Clocks. */
#include "win/private.h"

static uint64_t frequency HOST_STATE = 0;

static int64_t performance_clock(void)
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

/* Between two looks at the performance counter, at most REACH apart, the
 * processor's own counter tells how much time has passed: a look costs a
 * system call under Wine.  Only where that counter runs at one rate (Microsoft
 * "Acquiring high-resolution time stamps"); a wrong rate could not add up,
 * since every look begins anew.  Guarded by `version`, odd while it changes. */
#define REACH	 10000000  /* ns */
#define BASELINE 100000000 /* ns over which the rate is measured */

static struct {
	_Atomic uint32_t version;
	bool even; /* the counter's rate is constant */
	uint64_t first_ticks, ticks;
	int64_t first_time, time;
	uint64_t rate; /* ns << 32 per tick; 0: not known yet */
} counter HOST_STATE = { 0 };

static bool rate_is_constant(void)
{
	uint32_t a = 0x80000000, b, c, d;

	__asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	if (a < 0x80000007)
		return false;
	a = 0x80000007;
	__asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return d >> 8 & 1;
}

int win_clock_start(void)
{
	LARGE_INTEGER f;

	QueryPerformanceFrequency(&f);
	frequency = (uint64_t)f.QuadPart;
	counter.even = rate_is_constant();
	return 0;
}

/* a / b in units of 1 / 2^32.  Whole numbers: what the program has set for
 * floating point holds here too. */
static uint64_t ratio(uint64_t a, uint64_t b)
{
	for (; a >> 32; a >>= 1)
		b >>= 1;
	return (a << 32) / b;
}

static int64_t look(void)
{
	int64_t now = performance_clock();
	uint64_t ticks = __builtin_ia32_rdtsc();
	uint32_t version = counter.version;

	if (!counter.even || (version & 1) ||
		!__atomic_compare_exchange_n((uint32_t *)&counter.version,
			&version, version + 1, false, __ATOMIC_ACQUIRE,
			__ATOMIC_RELAXED))
		return now;
	if (!counter.first_ticks) {
		counter.first_ticks = ticks;
		counter.first_time = now;
	} else if (now - counter.first_time >= BASELINE) {
		counter.rate = ratio((uint64_t)(now - counter.first_time),
			ticks - counter.first_ticks);
		/* a little slow, so that a look never finds it ahead: time
		 * does not go back */
		counter.rate -= counter.rate >> 15;
		/* a long sleep in between says nothing of the next hour */
		counter.first_ticks = counter.ticks;
		counter.first_time = counter.time;
	}
	counter.ticks = ticks;
	counter.time = now;
	__atomic_store_n(
		(uint32_t *)&counter.version, version + 2, __ATOMIC_RELEASE);
	return now;
}

int64_t win_clock_monotonic(void)
{
	uint32_t version =
		__atomic_load_n((uint32_t *)&counter.version, __ATOMIC_ACQUIRE);
	uint64_t rate = counter.rate, passed;
	int64_t time = counter.time;

	passed = (uint64_t)(((unsigned __int128)(__builtin_ia32_rdtsc() -
						 counter.ticks) *
				    rate) >>
			    32);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!rate || passed > REACH || (version & 1) ||
		version != counter.version)
		return look();
	return time + (int64_t)passed;
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
