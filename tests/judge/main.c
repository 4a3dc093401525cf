/* See judge.h for what the judge is, reads and writes. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "judge.h"

static int usage(void)
{
	fprintf(stderr, "usage: judge [--wire] [PLAN]\n"
			"Judges the programs of a plan (or of standard input) with the running\n"
			"kernel's verifier, and writes a verdict for each.\n");
	return 2;
}

int main(int argc, char **argv)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	const bool init = getpid() == 1;
	const char *path = init ? "/plan" : NULL;
	FILE *plan = stdin;
	int failed;

	if (init) {
		become_init();
		answer_wire(true);
	}
	for (int i = 1; !init && i < argc; i++) {
		if (!strcmp(argv[i], "--wire"))
			answer_wire(true);
		else if (argv[i][0] == '-' || path)
			return usage();
		else
			path = argv[i];
	}
	/* Up to 5.10 programs count as locked memory. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (path) {
		plan = fopen(path, "re");
		if (!plan) {
			perror(path);
			if (!init)
				return 1;
		}
	}
	describe_kernel();
	failed = plan ? judge_plan(plan) : 1;
	answer_last();
	if (init)
		power_off();
	return failed;
}
