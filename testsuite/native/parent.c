/* A Windows program that starts ours as any Windows program would:
 *   parent FOLDER-OF-OURS FOLDER-OF-NATIVE SHELL [TEST]
 * Prints what is not as it should be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

#define LIMIT 30000 /* ms that one start may take */

static wchar_t tool[MAX_PATH], shell[MAX_PATH];
static int bad, cases;
static char output[1 << 20];
static DWORD output_size;

static void check(int right, const char *what, const char *seen)
{
	cases++;
	if (right)
		return;
	bad++;
	printf("wrong: %s: %s\n", what, seen);
	fflush(stdout);
}

/* ---- starting ---- */

static HANDLE inheritable(HANDLE h)
{
	if (h)
		SetHandleInformation(
			h, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
	return h;
}

static HANDLE start(const wchar_t *program, const wchar_t *line, void *block,
	const wchar_t *folder, HANDLE in, HANDLE out, HANDLE err)
{
	STARTUPINFOW s = { .cb = sizeof s, .dwFlags = STARTF_USESTDHANDLES };
	PROCESS_INFORMATION made;
	wchar_t *copy = _wcsdup(line);

	s.hStdInput = inheritable(in);
	s.hStdOutput = inheritable(out);
	s.hStdError = inheritable(err);
	if (!CreateProcessW(program, copy, NULL, NULL, TRUE,
		    CREATE_UNICODE_ENVIRONMENT, block, folder, &s, &made)) {
		printf("wrong: %ls does not start: %lu\n", line,
			GetLastError());
		exit(1);
	}
	free(copy);
	CloseHandle(made.hThread);
	return made.hProcess;
}

static DWORD code_of(HANDLE process)
{
	DWORD code = 9999;

	if (WaitForSingleObject(process, LIMIT)) {
		TerminateProcess(process, 1);
		code = 8888; /* hangs */
	} else {
		GetExitCodeProcess(process, &code);
	}
	CloseHandle(process);
	return code;
}

struct feed {
	HANDLE pipe;
	const char *bytes;
	DWORD size, error;
};

static DWORD feed_pause, collect_pause; /* ms before it begins; each time */

static DWORD WINAPI feeder(void *argument)
{
	struct feed *f = argument;
	DWORD n;

	Sleep(feed_pause);
	while (f->size) {
		if (!WriteFile(f->pipe, f->bytes, f->size, &n, NULL)) {
			f->error = GetLastError();
			break;
		}
		f->bytes += n;
		f->size -= n;
	}
	CloseHandle(f->pipe);
	return 0;
}

static void collect(HANDLE pipe)
{
	DWORD n;

	output_size = 0;
	while (output_size < sizeof output - 1 &&
		ReadFile(pipe, output + output_size,
			sizeof output - 1 - output_size, &n, NULL) &&
		n) {
		output_size += n;
		if (collect_pause)
			Sleep(collect_pause);
	}
	output[output_size] = 0;
}

/* Ends what hangs, so that collect() ends. */
static DWORD WINAPI guard(void *process)
{
	if (WaitForSingleObject(process, LIMIT))
		TerminateProcess(process, 8888);
	return 0;
}

static DWORD capture_with(const wchar_t *program, const wchar_t *line,
	void *block, const wchar_t *folder, const char *input, DWORD size,
	DWORD *error)
{
	HANDLE in, feed_end, out_end, out, process, threads[2];
	struct feed f = { 0, input, size, 0 };
	DWORD code;

	CreatePipe(&in, &feed_end, NULL, 0);
	CreatePipe(&out, &out_end, NULL, 0);
	process = start(program, line, block, folder, in, out_end, out_end);
	CloseHandle(in);
	CloseHandle(out_end);
	f.pipe = feed_end;
	threads[0] = CreateThread(NULL, 0, feeder, &f, 0, NULL);
	threads[1] = CreateThread(NULL, 0, guard, process, 0, NULL);
	collect(out);
	CloseHandle(out);
	WaitForMultipleObjects(2, threads, TRUE, LIMIT);
	code = code_of(process);
	if (error)
		*error = f.error;
	return code;
}

static DWORD capture(const wchar_t *program, const wchar_t *line)
{
	return capture_with(program, line, NULL, NULL, "", 0, NULL);
}

/* sh -c '...' */
static const wchar_t *script(const wchar_t *text)
{
	static wchar_t line[4096];

	_snwprintf(line, 4096, L"sh -c \"%ls\"", text);
	return line;
}

static DWORD run_script(const wchar_t *text)
{
	return capture(shell, script(text));
}

static void check_script(const wchar_t *text, DWORD code, const char *wanted)
{
	char what[4096], seen[4096];
	DWORD got = run_script(text);

	snprintf(what, sizeof what, "%ls", text);
	snprintf(seen, sizeof seen, "status %lu, \"%.2000s\"", got, output);
	check(got == code && (!wanted || !strcmp(output, wanted)), what, seen);
}

/* ---- the command line ---- */

/* Microsoft "Parsing C command-line arguments", its own examples first */
static const struct {
	const wchar_t *line;
	const char *arguments;
} lines[] = {
	{ L"\"abc\" d e", "3 [abc] [d] [e]" },
	{ L"a\\\\b d\"e f\"g h", "3 [a\\\\b] [de%20fg] [h]" },
	{ L"a\\\\\\\"b c d", "3 [a\\\"b] [c] [d]" },
	{ L"a\\\\\\\\\"b c\" d e", "3 [a\\\\b%20c] [d] [e]" },
	{ L"a\"b\"\" c d", "1 [ab\"%20c%20d]" },
	{ L"\"ab\\\"c\" \"\\\\\" d", "3 [ab\"c] [\\] [d]" },
	{ L"", "0" },
	{ L"   ", "0" },
	{ L"\"\"", "1 []" },
	{ L"\"\" \"\" a \"\"", "4 [] [] [a] []" },
	{ L"a\"\"b", "1 [ab]" },
	{ L"\"a\"\"b\"", "1 [a\"b]" },
	{ L"\"a\"\"\"", "1 [a\"]" },
	{ L"\"\"\"a\"\"\"", "1 [\"a\"]" },
	{ L"a\tb \t c\t", "3 [a] [b] [c]" },
	{ L"\"a\tb\"", "1 [a%09b]" },
	{ L"a   ", "1 [a]" },
	{ L"\"open  x", "1 [open%20%20x]" },
	{ L"\\", "1 [\\]" },
	{ L"\\\\ \\\\\\", "2 [\\\\] [\\\\\\]" },
	{ L"\"\\\\\"", "1 [\\]" },
	{ L"\"\\\"", "1 [\"]" },
	{ L"\\\" \\\\\\\"", "2 [\"] [\\\"]" },
	{ L"\"C:\\a b\\\\\" \"C:\\a b\"", "2 [C:\\a%20b\\] [C:\\a%20b]" },
	{ L"*.c ? [a]", "3 [*.c] [?] [[a]]" },
	{ L"'a b' `x` $y %PATH% ^ & | < >",
		"10 ['a] [b'] [`x`] [$y] [%25PATH%25] [^] [&] [|] [<] [>]" },
	{ L"a\nb \x1 \x7f", "3 [a%0ab] [%01] [%7f]" },
	{ L"\xe4\x20ac \xd83d\xde00 \"\xd834\xdd1e x\"",
		"3 [%c3%a4%e2%82%ac] [%f0%9f%98%80] [%f0%9d%84%9e%20x]" },
	/* no character: half of one; and a byte of ours */
	{ L"\xd800 x\xdc41", "2 [%ed%a0%80] [x%ed%b1%81]" },
	{ L"a\xdcff", "1 [a%ff]" },
};

static void test_lines(void)
{
	static wchar_t line[40000];
	static char wanted[200000];

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		char what[200];

		_snwprintf(line, 40000, L"tool args %ls", lines[i].line);
		capture(tool, line);
		output[strcspn(output, "\n")] = 0;
		snprintf(what, sizeof what, "line %d, %s", (int)i,
			lines[i].arguments);
		check(!strcmp(output, lines[i].arguments), what, output);
	}
	/* as long as Windows lets it be */
	wcscpy(line, L"tool args ");
	for (int i = 10; i < 32000; i++)
		line[i] = L'a' + i % 26, line[i + 1] = 0;
	capture(tool, line);
	sprintf(wanted, "1 [%ls]\n", line + 10);
	check(!strcmp(output, wanted), "a line of 32,000", "not the same");
	wcscpy(line, L"tool args");
	strcpy(wanted, "15995");
	for (int i = 0; i < 15995; i++) {
		wcscpy(line + 9 + i * 2, L" x");
		strcpy(wanted + 5 + i * 4, " [x]");
	}
	capture(tool, line);
	strcat(wanted, "\n");
	check(!strcmp(output, wanted), "15,995 arguments", "not the same");
	capture(tool, L"tool argv0");
	check(!strcmp(output, "tool\n"), "argv[0]", output);
	capture(tool, L"\"to ol\"x argv0");
	check(!strcmp(output, "to olx\n"), "argv[0] with quotes", output);
	capture(tool, L"\"a\\\" argv0");
	check(strstr(output, "/tool\n") != NULL, "argv[0], a path", output);
}

/* ---- the environment and the folder ---- */

/* '|' ends a variable, %ls is where posix1.dll is. */
static void make_block(wchar_t *to, const wchar_t *text)
{
	wchar_t folder[MAX_PATH];
	size_t n;

	wcscpy(folder, shell);
	*wcsrchr(folder, L'\\') = 0;
	n = (size_t)_snwprintf(to, 2000, text, folder);
	to[n] = 0;
	for (size_t i = 0; i < n; i++)
		if (to[i] == L'|')
			to[i] = 0;
}

static void test_environment(void)
{
	static wchar_t block[4096], bare[2048];

	make_block(block,
		L"=C:=C:\\windows|A=\xe4 "
		L"\xd83d\xde00|B=|C==x=y|HOME=C:\\users\\me|"
		L"Lower=C:\\x;D:\\y|LOWER2=/a:/b|"
		L"Path=C:\\windows;%ls;Z:\\tmp;relative|PWD=C:\\windows|"
		L"SystemRoot=C:\\windows|TEMP=Z:/tmp|TMP=Z:\\tmp|"
		L"USERPROFILE=C:\\users\\other|");
	make_block(bare, L"PATH=%ls|USERPROFILE=C:\\users\\other|");
	capture_with(tool,
		L"tool env A B C HOME Lower LOWER2 PATH Path PWD TEMP TMP NO",
		block, L"C:\\windows", "", 0, NULL);
	check(!strcmp(output,
		      "A=%c3%a4%20%f0%9f%98%80\nB=\nC==x=y\n"
		      "HOME=/mnt/c/users/me\nLower=C:\\x;D:\\y\nLOWER2=/a:/b\n"
		      "PATH=/usr/local/bin:/usr/bin:/bin:/mnt/c/windows:"
		      "/mnt/z/tmp:relative\nPath\nPWD=/mnt/c/windows\n"
		      "TEMP=/mnt/z/tmp\nTMP=/mnt/z/tmp\nNO\n"),
		"environment", output);
	capture_with(tool, L"tool env PATH HOME", bare, NULL, "", 0, NULL);
	check(!strcmp(output, "PATH=/usr/local/bin:/usr/bin:/bin\n"
			      "HOME=/mnt/c/users/other\n"),
		"bare environment", output);
	capture_with(tool, L"tool cwd", NULL, L"C:\\windows", "", 0, NULL);
	check(!strcmp(output, "/mnt/c/windows\n"), "folder", output);
	capture_with(tool, L"tool cwd", NULL, L"C:\\", "", 0, NULL);
	check(!strcmp(output, "/mnt/c\n"), "folder of a drive", output);
	CreateDirectoryW(L"d\xe4 \x20ac", NULL);
	capture_with(tool, L"tool cwd", NULL, L"d\xe4 \x20ac", "", 0, NULL);
	check(strstr(output, "/d%c3%a4%20%e2%82%ac\n") != NULL,
		"folder with Unicode", output);
}

/* ---- exit statuses ---- */

static void test_statuses(void)
{
	char what[60], seen[20];

	for (int i = 0; i < 256; i += i < 4 || i > 250 ? 1 : 7) {
		wchar_t line[40];
		DWORD code;

		_snwprintf(line, 40, L"tool exit %d", i);
		code = capture(tool, line);
		snprintf(what, sizeof what, "exit %d", i);
		snprintf(seen, sizeof seen, "%lu", code);
		check(code == (DWORD)i, what, seen);
	}
	check_script(L"kill -TERM $$", 143, "");
	check_script(L"kill -KILL $$", 137, "");
	check_script(L"kill -SEGV $$", 139, "");
	check_script(L"tool.exe exit 7", 7, "");
	check_script(L"exec tool crash segv", 139, "");
}

/* ---- standard streams ---- */

static HANDLE file(const wchar_t *name, int how)
{
	return CreateFileW(name, GENERIC_READ | GENERIC_WRITE,
		FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, how, 0, NULL);
}

static void read_back(HANDLE h)
{
	SetFilePointer(h, 0, NULL, FILE_BEGIN);
	collect(h);
}

static DWORD run_with(const wchar_t *line, HANDLE in, HANDLE out, HANDLE err)
{
	return code_of(start(tool, line, NULL, NULL, in, out, err));
}

static void test_streams(void)
{
	static char megabytes[3 << 20];
	HANDLE in = file(L"in", CREATE_ALWAYS), out, nul, both;
	DWORD n, error;

	WriteFile(in, "one\r\ntwo\n\x1a\0\xff", 12, &n, NULL);
	SetFilePointer(in, 2, NULL, FILE_BEGIN);
	out = file(L"out", CREATE_ALWAYS);
	WriteFile(out, "head:", 5, &n, NULL);
	run_with(L"tool cat", in, out, 0);
	read_back(out);
	check(output_size == 15 &&
			!memcmp(output, "head:e\r\ntwo\n\x1a\0\xff", 15),
		"files from where they stand", output);
	CloseHandle(out);
	CloseHandle(in);
	nul = file(L"NUL", OPEN_EXISTING);
	out = file(L"out", CREATE_ALWAYS);
	n = run_with(L"tool sum", nul, out, nul);
	read_back(out);
	check(!n && !strcmp(output, "0 bytes, cbf29ce484222325\n"), "from NUL",
		output);
	CloseHandle(out);
	check(run_with(L"tool gen 1 100000", nul, nul, nul) == 0, "to NUL", "");
	out = file(L"out", CREATE_ALWAYS);
	n = run_with(L"tool sum", 0, out, 0);
	read_back(out);
	check(!n && !strcmp(output, "0 bytes, cbf29ce484222325\n"), "no input",
		output);
	CloseHandle(out);
	check(run_with(L"tool exit 6", 0, 0, 0) == 6, "no streams", "");
	check(run_with(L"tool gen 1 100000", 0, 0, 0) == 0, "no output", "");
	both = file(L"both", CREATE_ALWAYS);
	run_with(L"tool both", 0, both, both);
	read_back(both);
	check(output_size == 1600 && !memcmp(output, "out\nerr\nout\n", 12),
		"both in one file", output);
	CloseHandle(both);
	for (size_t i = 0; i < sizeof megabytes; i++)
		megabytes[i] = (char)(i * 7 + i / 1000);
	n = capture_with(
		tool, L"tool cat", NULL, NULL, megabytes, 1000000, &error);
	check(!n && !error && output_size == 1000000 &&
			!memcmp(output, megabytes, 1000000),
		"a megabyte through pipes", "not the same");
	n = capture_with(tool, L"tool sum", NULL, NULL, megabytes,
		sizeof megabytes, &error);
	check(!n && !strncmp(output, "3145728 bytes, ", 15), "three in",
		output);
	n = capture_with(tool, L"tool take 10", NULL, NULL, megabytes,
		sizeof megabytes, &error);
	check(!n && output_size == 10 &&
			(error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA),
		"our reader ends early", "the writer does not see it");
}

/* Pipes of Windows' own, polled and not waited for. */
static void test_pipes(void)
{
	HANDLE err = file(L"err", CREATE_ALWAYS), in, out, process, threads;
	char said[200];
	DWORD n, total;

	feed_pause = 2000;
	n = capture_with(shell, script(L"tool await; tool cat"), NULL, NULL,
		"hello\n", 6, NULL);
	feed_pause = 0;
	check(!n && !strcmp(output, "-2 0, 1 6: hello\n"),
		"a poll takes nothing", output);
	CreatePipe(&in, &out, NULL, 0);
	process = start(tool, L"tool fill", NULL, NULL, 0, out, err);
	CloseHandle(out);
	threads = CreateThread(NULL, 0, guard, process, 0, NULL);
	Sleep(500);
	collect_pause = 30;
	collect(in);
	collect_pause = 0;
	total = output_size;
	CloseHandle(in);
	WaitForSingleObject(threads, LIMIT);
	n = code_of(process);
	read_back(err);
	snprintf(said, sizeof said, "12\n%lu\n", total);
	check(!n && total >= 300000 && !strcmp(output, said),
		"a full pipe says so", output);
	CloseHandle(err);
}

static void test_early_ends(void)
{
	HANDLE read_end, write_end, process;
	DWORD n;
	char c;

	CreatePipe(&read_end, &write_end, NULL, 0);
	process = start(
		tool, L"tool gen 1 100000000", NULL, NULL, 0, write_end, 0);
	CloseHandle(write_end);
	ReadFile(read_end, &c, 1, &n, NULL);
	CloseHandle(read_end);
	check(code_of(process) == 141, "our writer, reader gone", "");
	/* what is closed in POSIX is closed in Windows */
	CreatePipe(&read_end, &write_end, NULL, 0);
	process = start(shell, script(L"exec >&-; sleep 20"), NULL, NULL, 0,
		write_end, 0);
	CloseHandle(write_end);
	n = ReadFile(read_end, &c, 1, &n, NULL);
	check(!n && WaitForSingleObject(process, 0) == WAIT_TIMEOUT,
		"output closed early", "seen only at the end");
	CloseHandle(read_end);
	TerminateProcess(process, 1);
	CloseHandle(process);
	CreatePipe(&read_end, &write_end, NULL, 0);
	process = start(shell, script(L"exec <&-; sleep 20"), NULL, NULL,
		read_end, 0, 0);
	CloseHandle(read_end);
	while (WriteFile(write_end, "x", 1, &n, NULL))
		Sleep(50);
	check(WaitForSingleObject(process, 0) == WAIT_TIMEOUT,
		"input closed early", "seen only at the end");
	CloseHandle(write_end);
	TerminateProcess(process, 1);
	CloseHandle(process);
}

/* A process of ours that waits in a Windows pipe takes signals, and takes
 * nothing along that it did not read. */
static void test_signals_in_pipes(void)
{
	HANDLE in, feed_end, out, out_end, process;
	DWORD n;

	CreatePipe(&in, &feed_end, NULL, 0);
	CreatePipe(&out, &out_end, NULL, 0);
	process = start(shell,
		script(L"exec 3<&0; tool cat <&3 & p=$!; sleep 1; kill $p; "
		       L"wait $p; echo $?; read x; echo $x; cat"),
		NULL, NULL, in, out_end, 0);
	CloseHandle(in);
	CloseHandle(out_end);
	CreateThread(NULL, 0, guard, process, 0, NULL);
	Sleep(3000);
	WriteFile(feed_end, "hello\nworld\n", 12, &n, NULL);
	CloseHandle(feed_end);
	collect(out);
	CloseHandle(out);
	check(!strcmp(output, "143\nhello\nworld\n"), "killed in a read",
		output);
	code_of(process);
	CreatePipe(&out, &out_end, NULL, 0);
	process = start(shell,
		script(L"tool gen 1 10000000 & p=$!; sleep 1; kill $p; "
		       L"wait $p; exit $?"),
		NULL, NULL, 0, out_end, 0);
	CloseHandle(out_end);
	n = code_of(process);
	sprintf(output, "status %lu", n);
	check(n == 143, "killed in a write", output);
	CloseHandle(out);
}

/* ---- a program that Windows started, and that execs ---- */

static void until_there(const wchar_t *name)
{
	for (int i = 0; i < 100 && GetFileAttributesW(name) == ~0u; i++)
		Sleep(100);
}

static void killed_stub(const wchar_t *text, const char *what)
{
	HANDLE process;

	DeleteFileW(L"flag");
	DeleteFileW(L"late");
	process = start(shell, script(text), NULL, NULL, 0, 0, 0);
	until_there(L"flag");
	TerminateProcess(process, 1);
	CloseHandle(process);
	Sleep(5000);
	check(GetFileAttributesW(L"late") == ~0u, what, "it runs on");
}

static void signalled(const wchar_t *text, const char *signal, DWORD code)
{
	HANDLE process;
	DWORD got;
	char what[200];
	wchar_t kill[100];

	DeleteFileW(L"flag");
	process = start(shell, script(text), NULL, NULL, 0, 0, 0);
	until_there(L"flag");
	_snwprintf(kill, 100, L"kill -%hs $(cat pid)", signal);
	run_script(kill);
	got = code_of(process);
	snprintf(what, sizeof what, "%ls, %s", text, signal);
	sprintf(output, "status %lu", got);
	check(got == code, what, output);
}

static void test_stubs(void)
{
	check_script(L"exec tool exit 9", 9, "");
	check_script(L"exec tool args a 'b c'", 0, "2 [a] [b%20c]\n");
	check_script(
		L"exec sh -c 'exec sh -c \\\"exec tool exit 5\\\"'", 5, "");
	check_script(L"exec tool.exe exit 8", 8, "");
	check_script(L"exec sh -c 'exec tool.exe exit 6'", 6, "");
	check_script(L"exec tool.exe args a 'b c'", 0, "2 [a] [b%20c]\n");
	check_script(L"echo abc | exec tool.exe cat", 0, "abc\n");
	killed_stub(L"exec tool later flag late 3", "a killed stub");
	killed_stub(L"exec tool.exe later flag late 3", "a killed native host");
	killed_stub(L"exec sh -c 'exec tool.exe later flag late 3'",
		"a killed stub of a native program");
	signalled(L"echo $$ > pid; exec tool stay flag 30", "TERM", 143);
	signalled(L"echo $$ > pid; exec tool stay flag 30", "KILL", 137);
	signalled(L"echo $$ > pid; exec tool.exe stay flag 30", "TERM", 143);
	signalled(L"echo $$ > pid; exec sh -c 'exec tool.exe stay flag 30'",
		"INT", 130);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = { { "lines", test_lines },
		{ "environment", test_environment },
		{ "statuses", test_statuses }, { "streams", test_streams },
		{ "pipes", test_pipes }, { "ends", test_early_ends },
		{ "signals", test_signals_in_pipes }, { "stubs", test_stubs } };
	static char path[8192];

	_snwprintf(tool, MAX_PATH, L"%hs\\tool", argv[1]);
	_snwprintf(shell, MAX_PATH, L"%hs", argv[3]);
	snprintf(path, sizeof path, "%s;%s;%s", getenv("PATH"), argv[1],
		argv[2]);
	SetEnvironmentVariableA("PATH", path);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		DWORD before = GetTickCount();

		if (argc > 4 && strcmp(argv[4], tests[i].name))
			continue;
		tests[i].run();
		printf("%s: %lu ms\n", tests[i].name, GetTickCount() - before);
		fflush(stdout);
	}
	printf("%d cases, %d wrong\n", cases, bad);
	return bad > 0;
}
