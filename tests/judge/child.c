/* Running another program, and reporting what it says and how it ends. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "judge.h"

#define MAX_ARGUMENTS 64

static void say(const char *id, const char *kind, const char *text)
{
	answer_begin("x", id);
	answer_field(kind);
	answer_field(text);
	answer_end();
	answer_flush();
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* Passes lines on until the child closes its end; false if time runs out before. */
static bool pass_on(const char *id, int from, long seconds)
{
	long end = now() + seconds;
	char text[1024];
	size_t used = 0;

	for (;;) {
		struct pollfd ready = { .fd = from, .events = POLLIN };
		char *newline;
		ssize_t n;

		if (now() >= end)
			return false;
		if (poll(&ready, 1, 1000) <= 0)
			continue;
		n = read(from, text + used, sizeof(text) - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			used += (size_t)n;
		text[used] = '\0';
		while ((newline = strchr(text, '\n'))) {
			*newline++ = '\0';
			say(id, "|", text);
			used -= (size_t)(newline - text);
			memmove(text, newline, used + 1);
		}
		if (used && (n <= 0 || used == sizeof(text) - 1)) {
			say(id, "|", text);
			used = 0;
		}
		if (n <= 0)
			return true;
	}
}

void judge_run(char *rest)
{
	const char *id = plan_field(&rest);
	const char *seconds = plan_field(&rest);
	char *arguments[MAX_ARGUMENTS + 1];
	int ends[2], status, count = 0;
	char code[16];
	pid_t child;
	bool ended;

	while (count < MAX_ARGUMENTS && (arguments[count] = plan_field(&rest)))
		count++;
	arguments[count] = NULL;
	if (!id || !seconds || !count) {
		answer_trouble(id ? id : "-", "x needs an id, seconds and a program");
		return;
	}
	answer_flush();
	if (pipe(ends)) {
		answer_trouble(id, "no pipe");
		return;
	}
	child = fork();
	if (child < 0) {
		answer_trouble(id, "no process");
		close(ends[0]);
		close(ends[1]);
		return;
	}
	if (!child) {
		/* A group of its own, so that what it starts ends with it. */
		setpgid(0, 0);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execv(arguments[0], arguments);
		dprintf(STDERR_FILENO, "cannot run %s: %s\n", arguments[0], strerror(errno));
		_exit(127);
	}
	close(ends[1]);
	ended = pass_on(id, ends[0], strtol(seconds, NULL, 10));
	close(ends[0]);
	if (!ended)
		kill(-child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	snprintf(code, sizeof(code), "%d",
		 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	say(id, "exit", ended ? code : "timeout");
}
