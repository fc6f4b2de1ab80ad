/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>

#include "base/names.h"
#include "tests/tap.h"

static void test_errno_name(void)
{
	static const struct {
		int number;
		const char *name;
	} cases[] = {
		{ EPERM, "EPERM" },
		{ ENOENT, "ENOENT" },
		{ EAGAIN, "EAGAIN" },
		{ ECONNREFUSED, "ECONNREFUSED" },
		{ EHWPOISON, "EHWPOISON" },
		{ 134, NULL },
		{ 511, NULL },
		{ 512, "ERESTARTSYS" },
		{ 516, "ERESTART_RESTARTBLOCK" },
		{ 520, NULL },
		{ 524, "ENOTSUPP" },
		{ 530, "ERECALLCONFLICT" },
		{ 531, NULL },
		{ 0, NULL },
		{ -ENOENT, NULL },
		{ INT_MAX, NULL },
		{ INT_MIN, NULL },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is_str(errno_name(cases[i].number), cases[i].name, "errno_name of %d",
		       cases[i].number);
}

static void test_put_signal(void)
{
	static const struct {
		int number;
		const char *name;
	} cases[] = {
		{ SIGHUP, "SIGHUP" },
		{ SIGKILL, "SIGKILL" },
		{ SIGSTKFLT, "SIGSTKFLT" },
		{ SIGSYS, "SIGSYS" },
		{ 32, "SIG32" },
		{ 33, "SIG33" },
		{ 34, "SIGRTMIN" },
		{ 35, "SIGRTMIN+1" },
		{ 37, "SIGRTMIN+3" },
		{ 49, "SIGRTMIN+15" },
		{ 50, "SIGRTMAX-14" },
		{ 63, "SIGRTMAX-1" },
		{ 64, "SIGRTMAX" },
		{ 65, "SIG65" },
		{ 70, "SIG70" },
		{ 0, "SIG0" },
		{ -1, "SIG-1" },
		{ INT_MAX, "SIG2147483647" },
		{ INT_MIN, "SIG-2147483648" },
	};
	char buf[32];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is_mem(buf, put_signal(buf, cases[i].number) - buf, cases[i].name,
		       strlen(cases[i].name), "put_signal of %d", cases[i].number);
}

/* bash knows each by the same name. (It calls SIGPOLL by its older name, SIGIO.) */
static void test_signals_of_bash(void)
{
	FILE *f = popen("bash -c 'for n in {1..31} {34..64}; do kill -l $n; done'", "r");
	char name[32], buf[32];
	int number = 1;

	while (f && fscanf(f, "%31s", name) == 1) {
		*put_signal(buf, number) = '\0';
		if (number != SIGPOLL)
			is_str(strncmp(name, "SIG", 3) ? buf + 3 : buf, name,
			       "signal %d is what bash calls it", number);
		number = number == 31 ? 34 : number + 1;
	}
	is_i64(number, 65, "bash knows all signals");
	if (f)
		pclose(f);
}

int main(void)
{
	test_errno_name();
	test_put_signal();
	test_signals_of_bash();
	return done();
}
