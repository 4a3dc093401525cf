// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/* Functions of user space, for their prototypes: what clang makes of this has BTF. */

struct request {
	int id;
	const char *name;
};

enum verdict { VERDICT_NO, VERDICT_YES };

int handle(struct request *request, short priority, unsigned char flags, long long deadline)
{
	return request->id + priority + flags + (int)deadline;
}

enum verdict judge(const char *name, enum verdict before)
{
	return name ? before : VERDICT_NO;
}

void finish(void)
{
}
