/* What kind of file is to be executed. */
#include "image/private.h"

#include <string.h>

static bool has_module(const struct pe *pe)
{
	return pe_section(pe, MODULE_SECTION) != NULL;
}

/* "#! interpreter [argument]": man 2 execve, "Interpreter scripts". */
static bool script(const char *p, size_t size, char *line, char **interpreter,
	char **argument)
{
	size_t n = 2, end;

	*interpreter = *argument = NULL;
	while (n < size && (p[n] == ' ' || p[n] == '\t'))
		n++;
	for (end = n; end < size && p[end] != '\n'; end++)
		;
	while (end > n &&
		(p[end - 1] == ' ' || p[end - 1] == '\t' || p[end - 1] == '\r'))
		end--;
	if (end == n || end - n > 254)
		return false;
	memcpy(line, p + n, end - n);
	line[end - n] = 0;
	*interpreter = line;
	for (; *line && *line != ' ' && *line != '\t'; line++)
		;
	if (*line) {
		*line++ = 0;
		while (*line == ' ' || *line == '\t')
			line++;
		if (*line)
			*argument = line;
	}
	return true;
}

enum image_format image_format(const void *bytes, size_t size, char *line,
	char **interpreter, char **argument)
{
	const char *p = bytes;
	struct pe pe;

	if (size >= 2 && p[0] == '#' && p[1] == '!')
		return script(p, size, line, interpreter, argument)
			       ? IMAGE_SCRIPT
			       : IMAGE_UNKNOWN;
	if (pe_parse(bytes, size, &pe))
		return has_module(&pe) ? IMAGE_OURS : IMAGE_NATIVE;
	return IMAGE_UNKNOWN;
}
