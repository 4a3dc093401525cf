#include "__x.bpf.c"
