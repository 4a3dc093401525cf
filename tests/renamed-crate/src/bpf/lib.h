struct step {
	unsigned long long count;
};

struct steps {
	__uint(type, 2 /* BPF_MAP_TYPE_ARRAY */);
	__uint(max_entries, 4);
	__type(key, unsigned int);
	__type(value, struct step);
};

extern unsigned long long total;
extern struct steps steps SEC(".maps");

int note(unsigned int step);
