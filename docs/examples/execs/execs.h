/* SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only */
#ifndef EXECS_H
#define EXECS_H

/* One exec, as user space receives it. */
struct exec_event {
	int pid;
	/* Before, where another thread than the first called exec. */
	int old_pid;
	char filename[128];
};

#endif
