// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * Loads an object with relocatable contexts by libbpf alone.
 *
 *	ctxgen build --relocatable -o build unlinksnoop.bpf.c
 *	ctxgen btf build/unlinksnoop.bpf.o -o min.btf
 *	./load build/unlinksnoop.bpf.o min.btf [PROGRAM...]
 *
 * `min.btf` has the contexts as the kernel has them, for which it was made. Programs that are named are left
 * out: those whose hooks that kernel lacks, as `ctxgen btf` has said.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <bpf/libbpf.h>

static int leave_out(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	return program ? bpf_program__set_autoload(program, false) : -ENOENT;
}

static int attach(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		if (!bpf_program__autoload(program))
			continue;
		/* Kept until the process ends. */
		if (!bpf_program__attach(program)) {
			int error = -errno;

			fprintf(stderr, "cannot attach %s: %s\n", bpf_program__name(program),
				strerror(-error));
			return error;
		}
		printf("attached %s\n", bpf_program__name(program));
	}
	return 0;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_object_open_opts, options);
	struct bpf_object *object;
	int error, i;

	if (argc < 3) {
		fprintf(stderr, "usage: %s OBJECT BTF [PROGRAM...]\n", argv[0]);
		return 2;
	}
	options.btf_custom_path = argv[2];
	object = bpf_object__open_file(argv[1], &options);
	if (!object) {
		fprintf(stderr, "cannot open %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	for (i = 3; i < argc; i++) {
		error = leave_out(object, argv[i]);
		if (error) {
			fprintf(stderr, "%s has no program %s\n", argv[1], argv[i]);
			return 1;
		}
	}
	error = bpf_object__load(object);
	if (error) {
		fprintf(stderr, "cannot load %s: %s\n", argv[1], strerror(-error));
		return 1;
	}
	printf("loaded\n");
	error = attach(object);
	bpf_object__close(object);
	return error ? 1 : 0;
}
