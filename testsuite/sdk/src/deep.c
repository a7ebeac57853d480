int deep(void)
{
	return 10;
}
