// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/* Prints every program that is executed: until Ctrl-C, or as many as an argument says. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "execs.h"
#include "execs.skel.h"

static volatile sig_atomic_t stopped;
static long left = -1;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static int print_event(void *unused, void *data, size_t size)
{
	const struct exec_event *event = data;

	(void)unused;
	(void)size;
	printf("%d %s\n", event->pid, event->filename);
	if (left > 0 && --left == 0)
		stopped = 1;
	return 0;
}

int main(int argc, char **argv)
{
	struct ring_buffer *events = NULL;
	struct execs *skeleton;
	int error;

	if (argc > 1)
		left = atol(argv[1]);
	signal(SIGINT, stop);
	signal(SIGTERM, stop);

	skeleton = execs__open_and_load();
	if (!skeleton) {
		fprintf(stderr, "cannot load the program: %s\n", strerror(errno));
		return 1;
	}
	error = execs__attach(skeleton);
	if (!error) {
		events = ring_buffer__new(bpf_map__fd(skeleton->maps.events), print_event, NULL, NULL);
		error = events ? 0 : -errno;
	}
	if (!error) {
		fprintf(stderr, "execs: ready\n");
		while (!stopped && error >= 0)
			error = ring_buffer__poll(events, 100);
		/* Events up to the signal are still in the buffer. */
		if (error >= 0 || error == -EINTR)
			error = ring_buffer__consume(events);
	}
	if (error < 0)
		fprintf(stderr, "cannot trace: %s\n", strerror(-error));
	ring_buffer__free(events);
	execs__destroy(skeleton);
	return error < 0;
}
