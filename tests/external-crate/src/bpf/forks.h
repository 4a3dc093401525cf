/* SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only */
#ifndef FORKS_H
#define FORKS_H

#define COMM_LEN 16

/* The last fork that was wanted. */
struct last_fork {
	u32 parent_tid;
	u32 child_tid;
	u32 child_pid;
};

#endif
