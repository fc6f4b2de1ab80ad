# SPDX-License-Identifier: GPL-2.0-or-later
# Holds what dnssnoop says of a capture against what tshark and dnspython say of it:
#
#	gawk -b -f captures.awk -v capture=NAME KNOWN EVENTS TSHARK DNSPYTHON
#
# KNOWN has the differences that are explained: capture, message (FRAME.NUMBER), field, what dnssnoop
# says, why. EVENTS is what captures.jq makes of the events. Prints every other difference, and
# explanations of what is none; the last line is the name and the number of messages.
#
# Records must be both programs': each has types that only it writes out, the other gives \# and hex.
# dnssnoop doesn't say how many questions a message has, and of how many pieces it was made.
BEGIN {
	FS = OFS = "\t"
	fields = split("event malformed_at time src sport dst dport proto app len id opcode rcode flags " \
		"an ns ar question answer authority additional edns_size do cookie subnet ede latency", name, " ")
	split("qr aa tc rd ra z ad cd", bit, " ")
	split("QUERY IQUERY STATUS DSO NOTIFY UPDATE", opcode, " ")
	split("NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE",
		rcode, " ")
}

# How each writes the same.

# dnssnoop's names have no dot behind them. What is in quotes is no name.
function dotless(text,    word, words, out, quoted, i) {
	words = split(text, word, " ")
	for (i = 1; i <= words; i++) {
		if (!quoted && length(word[i]) > 1 && word[i] !~ /(^|[^\\])(\\\\)*\\\.$/)
			sub(/\.$/, "", word[i])
		quoted = (quoted + gsub(/"/, "&", word[i]) - gsub(/\\"/, "&", word[i])) % 2
		out = out (i > 1 ? " " : "") word[i]
	}
	return out
}

# Bytes that are no ASCII: dnssnoop and dnspython have \DDD, tshark has \xHH or the bytes.
function raw(text,    out, found) {
	while (match(text, /\\([0-9][0-9][0-9])|\\x([0-9a-f][0-9a-f])/, found)) {
		out = out substr(text, 1, RSTART - 1) \
			sprintf("%c", found[1] != "" ? found[1] + 0 : strtonum("0x" found[2]))
		text = substr(text, RSTART + RLENGTH)
	}
	return out text
}

# dnspython has spaces in base64.
function unbroken(record) {
	while (match(record, /[A-Za-z0-9+\/]{32} [A-Za-z0-9+\/=]+$/) ||
	       match(record, /[A-Za-z0-9+\/]{32} [A-Za-z0-9+\/=]{32} /))
		record = substr(record, 1, RSTART + 31) substr(record, RSTART + 33)
	return record
}

# A client's subnet as in its option: dnssnoop has ADDRESS/SOURCE/SCOPE.
function subnet(text,    part, half, piece, bytes, i, n) {
	if (text == "")
		return ""
	split(text, part, "/")
	if (part[1] !~ /:/) {
		split(part[1], piece, ".")
		bytes = sprintf("%02x%02x%02x%02x", piece[1], piece[2], piece[3], piece[4])
	} else {
		n = split(part[1], half, "::")
		split(half[1], piece, ":")
		for (i = 1; i in piece; i++)
			bytes = bytes sprintf("%04x", strtonum("0x" piece[i]))
		half[1] = bytes
		bytes = ""
		split(n > 1 ? half[2] : "", piece, ":")
		for (i = 1; i in piece; i++)
			bytes = bytes sprintf("%04x", strtonum("0x" piece[i]))
		bytes = sprintf("%s%0*d%s", half[1], 32 - length(half[1] bytes), 0, bytes)
	}
	return sprintf("%04x%02x%02x%s", part[1] ~ /:/ ? 2 : 1, part[2], part[3],
		substr(bytes, 1, 2 * int((part[2] + 7) / 8)))
}

# Comparing.

function hold(what, got, expected) {
	if (got "" == expected "")
		return
	if ((message, what) in known) {
		used[message, what]
		if (known[message, what] == got)
			return
	}
	print capture, message, what, "dnssnoop: " got, "expected: " expected
}

# As dnssnoop has records: without a class, and without that of EDNS.
function records(list, record,    all, word, owner, text, i, n) {
	split(list, all, " [|] ")
	split("", record)
	for (i = 1; i in all; i++) {
		if (all[i] ~ /^\. OPT /)
			continue
		match(all[i], / ([0-9]+) (IN|ANY|CLASS[0-9]+)(!flush)? ([^ ]+) /, word)
		owner = dotless(substr(all[i], 1, RSTART - 1))
		text = dotless(substr(all[i], RSTART + RLENGTH))
		if (word[4] ~ /^(RRSIG|DNSKEY|CDNSKEY|OPENPGPKEY)$/)
			text = unbroken(text)
		record[++n] = owner " " word[1] " " word[4] " " text
	}
	return n + 0
}

function hold_records(whose, section, got, list,    ours, theirs, i, n) {
	n = records(list, theirs)
	hold(whose " " section " records", split(got, ours, " [|] "), n)
	for (i = 1; i in ours && i in theirs; i++) {
		# What it doesn't write out.
		if (match(theirs[i], / \\# /) && ours[i] !~ / \\# /) {
			theirs[i] = substr(theirs[i], 1, RSTART - 1)
			match(ours[i], / [0-9]+ [A-Z0-9]+ /)
			ours[i] = substr(ours[i], 1, RSTART + RLENGTH - 2)
		}
		if (whose != "tshark" || raw(ours[i]) != raw(theirs[i]))
			hold(whose " " section " " i, ours[i], theirs[i])
	}
}

# What the record of EDNS says.
function edns(text, want,    found, option, part, i) {
	if (!match(text, /\. OPT size=([0-9]+) ext=0x(..) ver=0 do=(.) opts=([0-9a-f:,]*)/, found))
		return
	want["edns_size"] = found[1]
	want["rcode"] += 16 * strtonum("0x" found[2])
	want["do"] = found[3] == 1 ? 1 : ""
	split(found[4], option, ",")
	for (i = 1; i in option; i++) {
		split(option[i], part, ":")
		if (part[1] == 10)
			want["cookie"] = part[2]
		if (part[1] == 8)
			want["subnet"] = part[2]
		if (part[1] == 15)
			want["ede"] = part[2]
	}
}

ARGIND == 1 && $1 == capture { known[$2, $3] = $4 }
ARGIND == 2 {
	for (i = 1; i <= fields; i++)
		event[FNR, name[i]] = $i
	event[FNR, "subnet"] = subnet(event[FNR, "subnet"])
	events = FNR
}
ARGIND <= 2 { next }
FNR == 1 {
	for (i = 1; i <= NF; i++)
		heading[ARGIND, $i] = i
	next
}
function there(what) { return (ARGIND, what) in heading ? $heading[ARGIND, what] : "" }
{ message = $1 "." $2 }
ARGIND == 3 {
	m = FNR - 1
	messages[m] = message
	split("", want)
	for (i = 1; i <= fields; i++)
		want[name[i]] = there(name[i])
	edns(there("additional"), want)
	for (i = 1; i in bit; i++)
		if (there(bit[i]) == 1)
			want["flags"] = want["flags"] (want["flags"] == "" ? "" : " ") bit[i]
	want["id"] = strtonum("0x" want["id"])
	want["opcode"] = opcode[want["opcode"] + 1]
	want["rcode"] = there("qr") == 1 ? rcode[want["rcode"] + 1] : ""
	want["latency"] = there("rtt") == "" ? "" : sprintf("%.0f", there("rtt") * 1e9)
	# Of several questions dnssnoop has the first. Multicast DNS has a bit beside the class.
	sub(/ [|] .*/, "", want["question"])
	sub(/!qu /, " ", want["question"])
	want["question"] = dotless(want["question"])
	tshark_malformed[m] = there("malformed") != ""
	for (i = 3; i <= fields; i++)
		if (name[i] ~ /^(answer|authority|additional)$/)
			hold_records("tshark", name[i], event[m, name[i]], want[name[i]])
		else
			hold(name[i], event[m, name[i]], want[name[i]])
	answer[m] = there("qr") == 1
}
ARGIND == 4 {
	m = FNR - 1
	hold("message", messages[m], message)
	hold("dnspython id", event[m, "id"], strtonum("0x" there("id")))
	# Questions have no rcode here, and Z is not told.
	text = gensub(/ Z\>/, "", 1, toupper(event[m, "flags"])) " " event[m, "opcode"] " "
	hold("dnspython flags", text (answer[m] ? event[m, "rcode"] : "NOERROR"), there("flags"))
	text = gensub(/ [|] .*/, "", 1, there("question"))
	if (text ~ / CLASS32769 / && event[m, "app"] == "mdns")
		sub(/ CLASS32769 /, " IN ", text)
	hold("dnspython question", event[m, "question"], dotless(text))
	malformed = there("error") != "" || tshark_malformed[m]
	hold("event", event[m, "event"], malformed ? "dns.malformed" : answer[m] ? "dns.answer" : "dns.query")
	hold("malformed_at", event[m, "malformed_at"], malformed ? gensub(/.*@/, "", 1, there("error")) : "")
	for (i = 1; i <= fields; i++)
		if (name[i] ~ /^(answer|authority|additional)$/)
			hold_records("dnspython", name[i], event[m, name[i]], there(name[i]))
}
END {
	message = "-"
	hold("messages", events, length(messages))
	for (i in known)
		if (!(i in used))
			print capture, gensub(SUBSEP, "\t", 1, i), "is explained, but is no difference"
	print capture, length(messages)
}
