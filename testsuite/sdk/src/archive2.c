int not_pulled(int n)
{
	return n + 200;
}
