/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json_object o;
	const char *differs;
	bool accepted;

	differs = compare_line(&o, (const char *)data, size, &accepted);
	if (!differs)
		return 0;
	fprintf(stderr, "not as jansson has it: %s\n", differs);
	abort();
}
