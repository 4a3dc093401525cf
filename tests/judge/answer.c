/* Writing the answers: plain lines, or lines made for a serial console. */
#include <string.h>
#include <unistd.h>

#include "judge.h"

static bool wire;
static char line[(MAX_INSNS + 8) * (MAX_TEXT + 4)];
static size_t used;
static char out[8192];
static size_t pending;
static unsigned long answers;

static uint16_t crc16(const char *text, size_t len)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint16_t)((uint8_t)text[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

static void put(const char *text, size_t len)
{
	while (len) {
		size_t part = sizeof(out) - pending;

		if (part > len)
			part = len;
		memcpy(out + pending, text, part);
		pending += part;
		text += part;
		len -= part;
		if (pending == sizeof(out))
			answer_flush();
	}
}

void answer_flush(void)
{
	size_t done = 0;

	while (done < pending) {
		ssize_t n = write(STDOUT_FILENO, out + done, pending - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	pending = 0;
}

static void put_line(const char *text, size_t len)
{
	char tail[8];

	answers++;
	if (!wire) {
		put(text, len);
		put("\n", 1);
		return;
	}
	put("@", 1);
	put(text, len);
	put(tail, (size_t)snprintf(tail, sizeof(tail), "\t%04x\n", crc16(text, len)));
}

static void append(const char *text)
{
	size_t len = strlen(text);

	if (len > sizeof(line) - used)
		len = sizeof(line) - used;
	memcpy(line + used, text, len);
	/* The separators must stay unambiguous whatever a log or a child says. */
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)line[used + i] < ' ')
			line[used + i] = ' ';
	used += len;
}

void answer_wire(bool on)
{
	wire = on;
}

void answer_begin(const char *kind, const char *id)
{
	used = 0;
	append(kind);
	answer_field(id);
}

void answer_field(const char *text)
{
	if (used < sizeof(line))
		line[used++] = '\t';
	append(text);
}

void answer_marked(const char *mark, const char *text)
{
	answer_field(mark);
	append(text);
}

void answer_end(void)
{
	put_line(line, used);
}

void answer_trouble(const char *id, const char *text)
{
	answer_begin("!", id);
	answer_field(text);
	answer_end();
}

void answer_last(void)
{
	char count[32];

	snprintf(count, sizeof(count), "%lu", answers);
	answer_begin(".", count);
	answer_end();
	answer_flush();
}
