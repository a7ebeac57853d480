/* Refers strongly to what weak.c refers to weakly. */
int in_archive(int);
extern char **environ;
unsigned long strlen(const char *);

int strong_user(int n)
{
	return in_archive(n) + (int)strlen("abc") + (environ != 0);
}
int beside(int n)
{
	return n * 7;
}
int replaced(void)
{
	return 10;
}
int __attribute__((weak)) overridden(void)
{
	return 20;
}
