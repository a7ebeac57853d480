int neighbour(void)
{
	return 4242;
}

int deep(void);
int needs_deep(void)
{
	return deep() + 1;
}
