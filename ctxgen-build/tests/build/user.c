/*
 * A program in user space, for the functions that uprobes are set on: clang gives what it compiles for a BPF
 * machine BTF with their prototypes, of either byte order.
 */
struct request {
	int id;
};

int handle(struct request *request, short priority, unsigned char flags, long long deadline)
{
	return request->id + priority + flags + (int)deadline;
}

void finish(void)
{
}

#ifdef OTHER
/* Of another type than the first program's. */
int judge(const char *name, long before)
#else
int judge(const char *name, int before)
#endif
{
	return name && before;
}
