/* Names of signals, as man 7 signal has them. */
#include "lib/lib.h"

#include <signal.h>

const char *signal_name(int signal)
{
#define NAME(name) [SIG##name] = "SIG" #name
	static const char *const names[] = { NAME(HUP), NAME(INT), NAME(QUIT),
		NAME(ILL), NAME(TRAP), NAME(ABRT), NAME(BUS), NAME(FPE),
		NAME(KILL), NAME(USR1), NAME(SEGV), NAME(USR2), NAME(PIPE),
		NAME(ALRM), NAME(TERM), NAME(STKFLT), NAME(CHLD), NAME(CONT),
		NAME(STOP), NAME(TSTP), NAME(TTIN), NAME(TTOU), NAME(URG),
		NAME(XCPU), NAME(XFSZ), NAME(VTALRM), NAME(PROF), NAME(WINCH),
		NAME(IO), NAME(PWR), NAME(SYS) };
#undef NAME

	return signal > 0 && (unsigned)signal < array_size(names)
		       ? names[signal]
		       : NULL;
}
