# SPDX-License-Identifier: GPL-2.0-or-later
# From the console of a virtual machine (init.sh) to one TAP stream: the tests of all its programs,
# numbered anew, and each way of ending without having tested made a failure.
#   -v cell=NAME         of the machine
#   -v summary=FILE      gets what is for people: figures, and skipped tests by name

function result(passed, text) {
	total++
	print (passed ? "ok " : "not ok ") total " - " text
	if (!passed)
		failed++
	fflush()
}

# A program ended: what it printed must be a plan and as many results.
function end_of(status) {
	if (bailed)
		result(0, name ": bailed out: " bailed)
	else if (plan == "")
		result(0, name ": no plan" (status == "" ? "" : ", exit status " status))
	else if (plan != seen)
		result(0, name ": " plan " tests planned, " seen " run, exit status " status)
	else if (status != 0 && !bad)
		result(0, name ": exit status " status " though no test failed")
	name = ""
}

{
	gsub(/\r/, "")
}

/^@@ up / {
	up = $4
	next
}

/^@@ begin / {
	name = $0
	sub(/^@@ begin /, "", name)
	sub(/^.*\//, "", name)
	plan = bailed = ""
	seen = bad = 0
	next
}

/^@@ end / {
	end_of($3)
	now = $4
	next
}

/^@@ done/ {
	finished = 1
	next
}

# For table.sh.
/^@@ verified / {
	next
}

name != "" && /^(not )?ok( |$)/ {
	seen++
	text = $0
	sub(/^(not )?ok *[0-9]* *-? */, "", text)
	skip = ""
	if (match(text, / *# *[Ss][Kk][Ii][Pp] */)) {
		skip = substr(text, RSTART + RLENGTH)
		text = substr(text, 1, RSTART - 1)
		skipped++
		names[skipped] = name ": " text (skip == "" ? "" : " (" skip ")")
	}
	if (/^not/ && skip == "" && !/# *TODO/)
		bad++
	result(!/^not/ || skip != "" || /# *TODO/, name ": " text (/# *[Ss][Kk][Ii][Pp]/ ? " # SKIP " skip : ""))
	next
}

name != "" && /^1\.\.[0-9]+/ {
	plan = $1
	sub(/^1\.\./, "", plan)
	if (plan == 0) {
		skip = $0
		sub(/^[^#]*# *([Ss][Kk][Ii][Pp][^ ]*)? */, "", skip)
		skipped++
		names[skipped] = name " (" skip ")"
		result(1, name " # SKIP " skip)
	}
	next
}

name != "" && /^Bail out!/ {
	bailed = $0
	sub(/^Bail out! */, "", bailed)
}

# Everything else is for whoever looks for the reason.
{
	print (/^#/ ? "" : "# ") $0
	if (/Kernel panic|Oops|BUG:|rcu.*stall|WARNING: CPU/)
		alarm = $0
	fflush()
}

END {
	if (name != "")
		end_of("")
	if (alarm != "")
		result(0, "the kernel is well: " alarm)
	if (!finished)
		result(0, "the machine came to its end" (now ? ", " now " s after its start" : ""))
	print "1.." total
	printf "%s: %d tests, %d passed, %d skipped, %d failed; kernel up after %.1f s, tests took %.1f s\n",
		cell, total, total - failed - skipped, skipped, failed, up, now - up >summary
	for (i = 1; i <= skipped; i++)
		print "  skipped: " names[i] >summary
}
