/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/statsd.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *wrong = examine_datagram((const char *)data, size);

	if (!wrong)
		return 0;
	fprintf(stderr, "%s\n", wrong);
	abort();
}
