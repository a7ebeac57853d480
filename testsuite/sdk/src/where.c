/* A library that says which of several it is, and asks a second one. */
#ifdef SECOND
const char *second(void)
{
	return WHERE;
}
#else
const char *second(void);
static char text[100];
char *strcpy(char *, const char *), *strcat(char *, const char *);

const char *where(void)
{
	strcpy(text, WHERE);
	strcat(text, ", second in ");
	return strcat(text, second());
}
#endif
