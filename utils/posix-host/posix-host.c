/* posix-host.exe: a Windows process for POSIX processes to live in.  All of
 * it is in posix1.dll. */
extern _Noreturn void __posix_host_main(void);

void __posix_host_entry(void)
{
	__posix_host_main();
}
