/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "net/flow.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The values that the specification's baseline has, with seeds 0 and 1. */
static const struct {
	const char *saddr, *daddr;
	uint16_t sport, dport;
	uint8_t proto;
	const char *id[2];
} cases[] = {
	{ "fe80::200:86ff:fe05:80da",
	  "fe80::260:97ff:fe07:69ea",
	  135,
	  136,
	  58,
	  { "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY=" } },
	{ "fe80::260:97ff:fe07:69ea",
	  "fe80::200:86ff:fe05:80da",
	  136,
	  135,
	  58,
	  { "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=", "1:kHa1FhMYIT6Ym2Vm2AOtoOARDzY=" } },
	{ "fe80::260:97ff:fe07:69ea",
	  "fe80::200:86ff:fe05:80da",
	  135,
	  136,
	  58,
	  { "1:zavyT/cezQr1fmImYCwYnMXbgck=", "1:2hSqmsDZ2kdcY9kbiUzOEBic0iM=" } },
	{ "3ffe:501:1800:2345::2",
	  "3ffe:507:0:1:200:86ff:fe05:80da",
	  3,
	  0,
	  58,
	  { "1:2ObVBgIn28oZvibYZhZMBgh7WdQ=", "1:lVEtCZpYu84Xqaa++3lXFyuu2n4=" } },
	{ "3ffe:501:410:0:2c0:dfff:fe47:33e",
	  "3ffe:507:0:1:200:86ff:fe05:80da",
	  1,
	  4,
	  58,
	  { "1:hLZd0XGWojozrvxqE0dWB1iM6R0=", "1:W8MHwXpWzpoSTD+cGcaJr4u0ys8=" } },
	{ "3ffe:507:0:1:200:86ff:fe05:80da",
	  "3ffe:501:0:1001::2",
	  128,
	  129,
	  58,
	  { "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=", "1:GfZxjAkDk2MkegpBYHV6tadtFXQ=" } },
	{ "3ffe:501:0:1001::2",
	  "3ffe:507:0:1:200:86ff:fe05:80da",
	  129,
	  128,
	  58,
	  { "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=", "1:GfZxjAkDk2MkegpBYHV6tadtFXQ=" } },
	{ "fe80::200:86ff:fe05:80da",
	  "ff02::2",
	  133,
	  134,
	  58,
	  { "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=", "1:L7Ka0ZMYu+J3bL4ulW2PrqyXNo8=" } },
	{ "fe80::260:97ff:fe07:69ea",
	  "ff02::1",
	  134,
	  133,
	  58,
	  { "1:pkvHqCL88/tg1k4cPigmZXUtL00=", "1:K/ee5UCqAMAQXDorP5nSa2CGLjc=" } },
	{ "192.168.0.89",
	  "192.168.0.1",
	  8,
	  0,
	  1,
	  { "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA=" } },
	{ "192.168.0.1",
	  "192.168.0.89",
	  0,
	  8,
	  1,
	  { "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=", "1:03g6IloqVBdcZlPyX8r0hgoE7kA=" } },
	{ "10.0.0.1",
	  "10.0.0.2",
	  11,
	  0,
	  1,
	  { "1:YHxtAirCG//0OzkcVAukqKQN9xM=", "1:XjUibYHaafLQ3pxQeiMI8g25q20=" } },
	{ "2001:470:e5bf:dead:4957:2174:e82c:4887",
	  "2607:f8b0:400c:c03::1a",
	  63943,
	  25,
	  6,
	  { "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", "1:eJYTW6AOzFLlSUoESovMjnu7rMw=" } },
	{ "192.168.170.8",
	  "192.168.170.56",
	  7,
	  7,
	  132,
	  { "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", "1:5w3ZRjeKBzqT3zsaEECDGjUbYeg=" } },
	{ "128.232.110.120",
	  "66.35.250.204",
	  34855,
	  80,
	  6,
	  { "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "1:3V71V58M3Ksw/yuFALMcW0LAHvc=" } },
	{ "192.168.1.52",
	  "8.8.8.8",
	  54585,
	  53,
	  17,
	  { "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI=" } },
	{ "10.1.12.1",
	  "10.1.12.2",
	  0,
	  0,
	  46,
	  { "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", "1:rYir8gphR31noO9iDRQmF/BteEI=" } },
};

static struct flow flow_of(int proto, const char *saddr, const char *daddr, uint16_t sport,
			   uint16_t dport)
{
	struct flow f = { .proto = proto, .sport = sport, .dport = dport };

	f.family = strchr(saddr, ':') ? AF_INET6 : AF_INET;
	inet_pton(f.family, saddr, f.saddr);
	inet_pton(f.family, daddr, f.daddr);
	return f;
}

static void is_id(const struct flow *f, uint16_t seed, const char *expected, const char *what)
{
	char id[FLOW_ID_SIZE];

	flow_id(id, f, seed);
	is_str(id, expected, "%s", what);
}

int main(void)
{
	struct flow f;

	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct flow back, again;
		char what[200];

		f = flow_of(cases[i].proto, cases[i].saddr, cases[i].daddr, cases[i].sport,
			    cases[i].dport);
		back = flow_reverse(&f);
		again = flow_reverse(&back);

		for (int seed = 0; seed < 2; seed++) {
			snprintf(what, sizeof(what), "protocol %d, %s %d to %s %d, seed %d",
				 f.proto, cases[i].saddr, f.sport, cases[i].daddr, f.dport, seed);
			is_id(&f, seed, cases[i].id[seed], what);
		}
		is_mem(&again, sizeof(again), &f, sizeof(f), "the other direction of the other");
		if (f.proto != IPPROTO_ICMP && f.proto != IPPROTO_ICMPV6)
			is_id(&back, 0, cases[i].id[0], "the other direction has the same name");
	}

	/* From an implementation in Python, written from the specification. */
	f = flow_of(6, "127.0.0.1", "127.0.0.1", 80, 80);
	is_id(&f, 0, "1:fIDbyK7a7a6sKdFrKTpzX9bw/iw=", "both ends are the same");
	f = flow_of(17, "127.0.0.1", "127.0.0.1", 60000, 53);
	is_id(&f, 0, "1:3/KBKo3Fv7foLbxaMee88+d1tmE=", "ports decide when addresses are equal");
	f = flow_of(6, "200.0.0.1", "100.0.0.1", 1, 2);
	is_id(&f, 65535, "1:5Paj9IF2Ss6KAS2ZH3xJDXTXN7g=",
	      "bytes of addresses have no sign; the largest seed");
	f = flow_of(1, "10.0.0.2", "10.0.0.1", 11, 0);
	is_id(&f, 0,
	      "1:c5iqfdGYsNWhMJVcYXWPNWbpnKs=", "a message without an answer keeps its direction");
	f = flow_of(1, "10.0.0.2", "10.0.0.1", 9, 0);
	is_id(&f, 0, "1:qhJTvE/Qez7ZPSOGlcKJAzRpSO0=", "a router's advertisement");
	f = flow_of(1, "10.0.0.1", "10.0.0.2", 10, 0);
	is_id(&f, 0, "1:qhJTvE/Qez7ZPSOGlcKJAzRpSO0=", "answers a solicitation");
	f = flow_of(58, "fd00::1", "fd00::2", 144, 0);
	is_id(&f, 0, "1:y2giN44OCR/PilnQJrrE+KaW3v4=", "home agent discovery");
	f = flow_of(58, "fd00::2", "fd00::1", 145, 0);
	is_id(&f, 0, "1:y2giN44OCR/PilnQJrrE+KaW3v4=", "and its reply");
	f = flow_of(89, "10.0.0.2", "10.0.0.1", 0, 0);
	is_id(&f, 0, "1:1sy+G8MJZzhzFatLbi6+YD245wo=", "a protocol that has no ports");
	f.sport = 5;
	is_id(&f, 0, "1:1sy+G8MJZzhzFatLbi6+YD245wo=", "whatever they are");

	return done();
}
