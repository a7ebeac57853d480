/* streams COMMAND: starts it with one pipe for output and error, as a native
 * program does that wants both, and reads that to its end. */
#include <stdio.h>
#include <windows.h>

int main(int argc, char **argv)
{
	SECURITY_ATTRIBUTES inherit = { sizeof inherit, NULL, TRUE };
	STARTUPINFOA s = { .cb = sizeof s, .dwFlags = STARTF_USESTDHANDLES };
	PROCESS_INFORMATION made;
	HANDLE in;
	char bytes[100];
	DWORD n;

	if (argc < 2 || !CreatePipe(&in, &s.hStdOutput, &inherit, 0))
		return 2;
	SetHandleInformation(in, HANDLE_FLAG_INHERIT, 0);
	s.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
	s.hStdError = s.hStdOutput;
	if (!CreateProcessA(
		    NULL, argv[1], NULL, NULL, TRUE, 0, NULL, NULL, &s, &made))
		return 3;
	CloseHandle(s.hStdOutput);
	while (ReadFile(in, bytes, sizeof bytes, &n, NULL) && n)
		fwrite(bytes, 1, n, stdout);
	puts("the end");
	return 0;
}
