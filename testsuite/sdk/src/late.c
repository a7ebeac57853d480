int late(int n)
{
	return n + 300;
}
