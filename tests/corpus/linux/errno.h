/* SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only */
/* For usdt.bpf.h: the system's own header leads to those of an architecture. */
#ifndef CORPUS_LINUX_ERRNO_H
#define CORPUS_LINUX_ERRNO_H

#define ENOENT 2
#define ESRCH 3
#define EINVAL 22

#endif
