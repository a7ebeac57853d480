int lib_hook(int n)
{
	return n;
}
