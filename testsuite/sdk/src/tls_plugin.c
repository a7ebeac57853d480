extern __thread int tls_count;
extern __thread int exported;
static __thread int calls;

int plugin(int n)
{
	exported += 1000;
	tls_count += n;
	return tls_count * 100 + ++calls;
}
