/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static ssize_t read_all(int fd, char *to, size_t max)
{
	size_t len = 0;
	ssize_t n = 0;

	while (len < max && (n = read(fd, to + len, max - len)) > 0)
		len += n;
	if (n < 0)
		return n;
	errno = EFBIG;
	return len == max ? -1 : (ssize_t)len;
}

char *file_text(const char *name, size_t max)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC), saved;
	char *text = calloc(1, max + 1);
	ssize_t n = fd < 0 || !text ? -1 : read_all(fd, text, max);

	saved = errno;
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(text);
		errno = saved;
		return NULL;
	}
	while (n && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}
