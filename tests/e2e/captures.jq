# SPDX-License-Identifier: GPL-2.0-or-later
# Messages that dnssnoop prints, as rows for captures.awk.
def records: . // [] | map("\(.name) \(.ttl) \(.type) \(.data)") | join(" | ");
def seconds: (.[:19] + "Z" | fromdate | tostring) + "." + .[20:29];

select(.event | IN("dns.query", "dns.answer", "dns.malformed"))
	| [.event, .malformed_at, (.ts | seconds), .saddr, .sport, .daddr, .dport, .proto, .service, .bytes,
		.id, .opcode, .rcode, (.flags | join(" ")),
		.answer_count // 0, .authority_count // 0, .additional_count // 0,
		if .query then "\(.query) \(.qclass) \(.qtype)" else null end,
		(.answers | records), (.authority | records), (.additional | records),
		.edns_size, if .dnssec_ok then 1 else null end, .cookie, .client_subnet, .extended_error,
		.latency_ns]
	| map(. // "" | tostring) | join("\t")
