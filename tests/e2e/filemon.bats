#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# filemon: which files are opened, read and written, and how much.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

# It looks at the end of each system call of the machine.
export NEEDS_UNPREEMPTED=yes
subject=filemon

@test "every call that reads or writes: bytes and calls" {
	observe "$PWD" -- touching every
	sums_agree
	observe --each "$PWD" -- touching every
	sums_agree
	holds 'map(select(.event != "file.open" and (.path | endswith("/said") | not))) |
		all(.calls == 1) and length == 16'
}

@test "the first one at once, then sums" {
	observe -e read,write "$PWD" -- touching load f 1 1000
	sums_agree
	holds 'map(select(.path | endswith("/f"))) | .[0].calls == 1 and .[0].bytes == 1 and length < 20'
}

@test "sums are exact under load, of several processes on one file too" {
	observe "$PWD" -- touching load f 8 5000
	is "$(wc -l <said)" 24
	sums_agree
	not grep -q lost err
}

@test "sums are exact when there is no room for events" {
	observe --buffer 4K -e read,write "$PWD" -- touching load f 4 2000
	sums_agree
}

@test "names that there is no room for are counted as lost" {
	observe --buffer 4K -e create "$PWD" -- touching many 3000
	holds '(map(select(.event == "file.create")) | length) + (map(select(.event == "lost").count) | add // 0) == 3000'
	observe --buffer 4K -e create "$PWD" -- touching many 10
	holds 'length == 0'
}

@test "more files than there is room for sums: nothing is missing" {
	(($(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo) > 600000)) || skip 'needs 600 MB of memory'
	mkdir many
	mount -t tmpfs none many
	observe --buffer 64M -I 1h -e write -f bytes,calls many -- sh -c 'cd many && exec touching many 66000'
	umount many
	grep -q 'printed$' err # none lost
	is "$(awk -F '[:,}]' '{ bytes += $2; calls += $4 } END { print bytes, calls, NR }' out)" \
		"198000 198000 $((2 * 65536 + 3 * (66000 - 65536)))"
	# Their room is free again.
	watch --buffer 64M -I 100ms -e write -f bytes,calls "$PWD"
	mkdir again
	mount -t tmpfs none again
	(cd again && touching many 66000)
	(cd again && rm -f m* && touching many 10)
	umount again
	finish TERM
	is "$(awk -F '[:,}]' '{ bytes += $2 } END { print bytes }' out)" 198030
}

@test "the programs that everybody has" {
	head -c 1000000 /dev/urandom >from
	observe -e read,write "$PWD" -- sh -c 'cp from to; cat from >cat; dd if=from of=dd bs=777 2>/dev/null'
	holds 'map(select(.event == "file.write")) | group_by(.path | sub(".*/"; ""))
		| map([(.[0].path | sub(".*/"; "")), (map(.bytes) | add)])
		== [["cat", 1000000], ["dd", 1000000], ["to", 1000000]]'
	holds 'map(select(.event == "file.read") | .bytes) | add == 3000000'
}

@test "a copy under another name, that is renamed when it is whole" {
	head -c 1000000 /dev/urandom >from
	observe -e write,rename "$PWD" -- sh -c 'cp from .to.x7; mv .to.x7 to; echo more >>to'
	is "$(what 'map([.event, (.path | sub(".*/"; "")), .bytes, (.old_path // "" | sub(".*/"; ""))])
		| group_by(.[0:2]) | map([.[0][0], .[0][1], (map(.[2]) | add), .[0][3]])')" \
		'[["file.rename","to",null,".to.x7"],["file.write",".to.x7",1000000,""],["file.write","to",5,""]]'
}

@test "what strace says of a few thousand calls" {
	mkdir tree
	cat >script <<-'SCRIPT'
		cd tree
		i=0
		while [ $i -lt 40 ]; do
			i=$((i + 1))
			echo "$i" >"a$i"
			cat "a$i" a1 >>all
			sed -i s/1/2/ "a$i"
			cp all "b$i"
		done
		sort -o sorted all b*
		dd if=sorted of=blocks bs=100 conv=notrunc 2>/dev/null
		cat nothing 2>/dev/null
		grep -r 2 . | tail -n 1000 >found
		find . -name 'a*' -exec cat {} + | tee copy1 copy2 >/dev/null
	SCRIPT
	# Both at once, on the same calls.
	observe --all-types -e open,read,write -- strace -f -y -s 0 -o trace \
		-e trace=open,openat,creat,read,pread64,readv,write,pwrite64,writev,copy_file_range,sendfile,splice \
		sh script
	# Calls of one process that another one comes between are in two lines.
	awk '
		{ pid = $1; sub(/^[0-9]+ +/, "") }
		sub(/ <unfinished \.\.\.>$/, "") { begun[pid] = $0; next }
		sub(/^<\.\.\. [a-z0-9_]+ resumed>/, "") { $0 = begun[pid] $0 }
		!/ = [0-9]+/ { next }
		{ result = $0; sub(/.* = /, "", result); n = result + 0; call = $0; sub(/\(.*/, "", call) }
		call ~ /^(open|creat)/ && result ~ /^[0-9]+<\// {
			sub(/^[0-9]+</, "", result); sub(/>.*/, "", result)
			opens[result]++
			next
		}
		{ rest = $0; sub(/^[^<]*</, "", rest); first = rest; sub(/>.*/, "", first) }
		call ~ /^(copy_file_range|splice|sendfile)$/ {
			sub(/^[^<]*</, "", rest); second = rest; sub(/>.*/, "", second)
			from = call == "sendfile" ? second : first
			to = call == "sendfile" ? first : second
			if (from ~ /^\//) moved["read " from] += n
			if (to ~ /^\//) moved["write " to] += n
			next
		}
		first ~ /^\// { moved[(call ~ /read/ ? "read " : "write ") first] += n }
		END {
			for (path in opens) print "open", path, opens[path]
			for (key in moved) print key, moved[key]
		}' trace | sort >expected
	jq -r 'select(.comm != "strace" and .path) | [(.event | ltrimstr("file.")), .path,
		(if .event == "file.open" then 1 else .bytes end)] | join(" ")' out |
		awk '{ sum[$1 " " $2] += $3 } END { for (key in sum) print key, sum[key] }' | sort >got
	(($(wc -l <trace) > 2000 && $(wc -l <expected) > 100))
	diff expected got
}

@test "what strace says of a few thousand calls that change names and more" {
	mkdir tree
	ln -s tree way
	cat >script <<-'SCRIPT'
		touch way/{1..200}
		mkdir tree/d{1..100} way/e
		mv way/{1..100} way/e
		cp -a way tree/../copy
		cp -a tree copied
		ln way/{101..200} tree/e/
		ln -s 1 2 3 ./way/d1/
		chmod -R g+w,o-rx way/
		chown -R 1:2 copied
		truncate -s 1000 copied/{101..200}
		find copied -name '1*' -exec touch -d yesterday {} +
		mkfifo fifo
		rm -r way/e tree/1* fifo
		rm -r copied
		rmdir way/d? tree/d??
		mv -T tree/d1 tree/d2
		rmdir nothing
		rm -rf nothing tree
	SCRIPT
	observe -e delete,rename,link,symlink,mkdir,rmdir,@meta "$PWD" -- strace -f -y -o trace \
		-e trace=openat,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,chmod,fchmod,fchmodat,chown,lchown,fchown,fchownat,truncate,ftruncate,utimensat,setxattr,fsetxattr,lsetxattr,removexattr,fremovexattr,lremovexattr \
		bash script
	awk -v cwd="$PWD" '
		{ pid = $1; sub(/^[0-9]+ +/, "") }
		# What the C library calls /proc/self/fd/3.
		/^openat.* = [0-9]+</ { fd = $0; sub(/.* = /, "", fd); path = fd; sub(/<.*/, "", fd)
			gsub(/^[0-9]+<|>$/, "", path); opened[pid, fd] = path; next }
		!/ = 0$/ || /^openat/ { next }
		{
			call = $0; sub(/\(.*/, "", call)
			event = call; gsub(/^[lf]|at2?$/, "", event)
			sub(/^ink$/, "link", event); sub(/^unlink$/, "delete", event); sub(/^utimens.*/, "utimens", event); sub(/^(set|remove)x/, "x", event)
			if (/AT_REMOVEDIR/) event = "rmdir"
			delete name; n = 0; rest = $0
			# A name and the directory it starts from, or a file that is open.
			while (match(rest, /([0-9A-Z_]+<[^>]*>(, )?)?("[^"]*")?/) && rest != "") {
				if (!RLENGTH) { rest = substr(rest, 2); continue }
				word = substr(rest, 1, RLENGTH)
				if (RSTART > 1) { rest = substr(rest, RSTART); continue }
				rest = substr(rest, RLENGTH + 1)
				dir = word; file = word
				if (!sub(/^[^<"]*</, "", dir)) dir = cwd
				sub(/>.*/, "", dir)
				if (!sub(/^[^"]*"/, "", file) || (event == "xattr" && word ~ /</)) file = ""
				sub(/".*/, "", file)
				name[++n] = file ~ /^\// ? file : file == "" ? dir : dir "/" file
			}
			path = name[1]
			if (path ~ /^\/proc\/self\/fd\//) { sub(/.*\//, "", path); path = opened[pid, path] }
			if (event ~ /^(rename|link|symlink)$/) path = name[n]
			print event, path, event ~ /^(rename|link)$/ ? name[1] : "-"
		}' trace | sed -E 's:/\./:/:g; s:/tree/\.\./:/:g; s:/+( |$):\1:g; s:/way([/ ]|$):/tree\1:g' | sort >expected
	jq -r 'select(.comm != "strace") | [(.event | ltrimstr("file.")), .path, .old_path // "-"] | join(" ")' out | sort >got
	(($(wc -l <expected) > 2000))
	diff expected got
}

@test "-I: sums come while the process runs" {
	echo 0123456789 >f
	watch -e read -I 50ms "$PWD" -c touching
	start touching slowly f 11 50
	until_true lines out 4
	not gone "$!"
	until_true gone "$!"
	finish TERM
	is "$(what 'map(.bytes) | add')" 11
	watch -e read -I 1h "$PWD" -c touching
	touching slowly f 11 1
	until_true lines out 2 # at its end
	finish TERM
	is "$(what 'map(.calls)')" '[1,10]'
}

@test "what a process did that still runs is told at the end" {
	echo 0123456789 >f
	watch -e read -I 1h "$PWD" -c touching
	start touching slowly f 10 1
	until_true lines out 1
	# it sleeps in the read of a FIFO, which is no regular file
	start bash -c 'exec 5<f; read -rN 3 -u 5; read -rN 3 -u 5; read -r _ <go'
	until_true gone "${started[1]}"
	finish TERM
	is "$(what 'map(.bytes) | add')" 10
}

@test "a process that executes another program is another one" {
	echo 0123456789 >f
	observe -e read "$PWD" -- bash -c 'exec 0<f; read -rN 2 x; exec cat'
	is "$(what 'map(select(.bytes > 0).comm) | unique | join(" ")')" 'bash cat'
}

@test "a name that is gone does not stand for the next file" {
	observe -e write "$PWD" -- touching names
	sums_agree
	is "$(what 'map(.path | sub(".*/"; "")) | unique - ["said"] | length')" 20
}

@test "opens: flags, mode, whether it was created, and what was asked for" {
	observe -e open --all-types "$PWD" -- touching opens
	events_agree 1 # the first is the directory
	holds 'map(select(.pid == '"$(jq -s '.[0].pid' said)"')) | .[0].type == "directory" and
		(.[0].flags | index("O_PATH") != null) and all(.[1:][]; .type == "file")'
}

@test "names and what else there is of a file, by each call" {
	observe -e @name,@meta,mmap "$PWD" -- touching changes
	events_agree 8
}

@test "the same by calls of 32-bit programs" {
	[[ $(uname -m) == x86_64 ]] || skip 'there are none to try it with'
	observe --each -e open,read,write,@name,@meta,mmap "$PWD" -- touching changes32
	((status != 99)) || skip 'this kernel takes no calls of 32-bit programs'
	jq -c 'select((.path | endswith("/said") | not) and (.flags != ["O_PATH"]))' out >less
	mv less out
	events_agree 0
}

@test "names that can't be resolved are told as they were asked for" {
	ln -s /proc/self/cwd magic
	observe -e @name,@meta "$PWD" -- sh -c 'mkdir magic/d; mv magic/d /proc/self/cwd/e; chmod 700 e'
	is "$(what 'map([.event, .path, .path_unresolved, .directory, .requested, .old_path, .old_path_unresolved, .old_directory, .old_requested])')" \
		"$(jq -nc --arg d "$PWD" '[
			["file.mkdir", null, true, $d, "magic/d", null, null, null, null],
			["file.rename", null, true, null, "/proc/self/cwd/e", null, true, $d, "magic/d"],
			["file.chmod", $d + "/e", null, null, "e", null, null, null, null]]')"
	mkdir other
	observe -e @name "$PWD/other" -- sh -c 'mkdir magic/f other/f'
	is "$(what 'map(.path)')" "[\"$PWD/other/f\"]"
}

@test "PATH: names below it, by whatever way" {
	mkdir -p a/b other
	ln -s a/b way
	observe -e @name,@meta a/b -- sh -c '
		: >other/x; rm other/x
		: >way/f; mv way/f other/g; chmod 600 other/g; mv other/g way/h; chmod 600 way/h; ln way/h other/l
		rm way/h; mkdir way/d; mv way/d other/d; rmdir other/d'
	is "$(what "map([(.event | sub(\"file.\"; \"\")), (.path | ltrimstr(\"$PWD/\"))])")" \
		'[["create","a/b/f"],["rename","other/g"],["rename","a/b/h"],["chmod","a/b/h"],["link","other/l"],["delete","a/b/h"],["mkdir","a/b/d"],["rename","other/d"]]'
}

@test "PATH: a file, also when it is gone or another one takes its name" {
	: >f
	mkdir d
	observe -e @name,@meta f -- sh -c 'mv f g; chmod 600 g; mv g f; rm f; : >new; mv new d/../f; rm d/../f; : >d/../f; : >ff; rm ff'
	is "$(what "map([(.event | sub(\"file.\"; \"\")), (.path | ltrimstr(\"$PWD/\"))])")" \
		'[["rename","g"],["chmod","g"],["rename","f"],["delete","f"],["rename","f"],["delete","f"],["create","f"]]'
}

@test "-e: groups" {
	observe -e @meta "$PWD" -- sh -c 'echo x >f; chmod 600 f; mkdir d; rmdir d; touch f'
	is "$(what 'map(.event)')" '["file.chmod","file.utimens"]'
	observe -e @write,rmdir "$PWD" -- sh -c 'echo x >g; chmod 600 g; mkdir d; rmdir d'
	is "$(what 'map(.event)')" '["file.open","file.create","file.write","file.rmdir"]'
	capture -e open,@names
	is "$status $(<err)" "64 filemon: --events: no group is called '@names'; there are @read, @write, @name, @meta"
	capture -e rite
	[[ $(<err) == *"no event is called 'rite'; there are open, "*"failed, @read, @write, @name, @meta, and all" ]]
}

@test "a file that an open made is told twice, one without a name once" {
	observe -e open,create "$PWD" -- sh -c ': >f; : >f'
	is "$(what 'map([.event, .created])')" '[["file.open",true],["file.create",null],["file.open",null]]'
}

@test "a file that is opened by its handle" {
	echo x >f
	touching handle f 2>/dev/null || skip 'this file system has no handles'
	observe -e open "$PWD" -- touching handle f
	is "$(what 'map([.path, .requested, .access])')" "[[\"$PWD/f\",null,\"read\"]]"
}

@test "device and inode are those of stat(2)" {
	echo x >f
	observe -e open,read "$PWD/f" -- cat f
	is "$(what 'map([.dev, .inode])|unique')" "[[$(stat -c '%d,"%i"' f)]]"
	is "$(what 'map(.event)')" '["file.open","file.read"]'
}

@test "-x: what could not be opened, and why" {
	observe -x -- touching fails
	jq -c '{pid,requested,error}' out >got
	jq -c --argjson pid "$(jq -s '.[0].pid' said)" 'select(.pid == $pid)' got >mine
	is "$(tail -n 7 mine)" "$(<said)"
	holds 'all(.event == "file.failed" and .operation == "open")'
	holds 'map(select(.requested == "nothing")) | .[0] | .directory == "'"$PWD"'" and .access == "read_write"'
	holds 'map(select(.requested == "/nowhere/x")) | .[0] | has("directory") | not'
}

@test "-x: whatever else could not be done, and why" {
	observe -x "$PWD" -- touching failures
	events_agree 0
	observe -x -- bash -c 'read -r <&9; echo x >&9' 2>/dev/null
	head -c 10 /dev/zero >f
	observe -x -- sh -c 'head -c 1 <&-; cat . /dev/full >/dev/full'
	holds 'map(select(.error == "EBADF" and .operation == "read")) | length == 1 and (.[0] | has("path") | not)'
	holds 'all(.[]; .operation == "open" or has("flags") == false)'
	holds 'all(.error != "EISDIR" and .error != "ENOSPC")'
	observe -x --all-types -- sh -c 'cat . ; echo x >/dev/full'
	holds 'any(.error == "EISDIR" and .operation == "read" and .path == "'"$PWD"'" and .type == "directory")'
	holds 'any(.error == "ENOSPC" and .operation == "write" and .path == "/dev/full")'
}

@test "-x without permission" {
	mkdir secret
	chmod 700 secret
	chmod 755 . ..
	chmod o+x "$BATS_RUN_TMPDIR"
	observe -x "$PWD/secret" -- setpriv --reuid=54321 --clear-groups cat "$PWD/secret/../secret/./shadow" "$PWD/secrets"
	is "$(what 'map([.error, .uid, .requested])')" "[[\"EACCES\",54321,\"$PWD/secret/../secret/./shadow\"]]"
}

@test "PATH: a file, a directory and what is below, by whatever way" {
	mkdir -p a/b/c other mounted
	echo x | tee a/b/c/f a/g other/f >h
	mount --bind a/b mounted
	ln -s a/b symlink
	ln a/b/c/f other/hard
	observe -e open a/b h -- cat a/b/c/f a/g other/f h mounted/c/f symlink/c/f other/hard
	umount mounted
	is "$(what "map(.path | ltrimstr(\"$PWD/\"))")" '["a/b/c/f","h","mounted/c/f","a/b/c/f"]'
	mv a/b moved
	observe -e open moved -- cat moved/c/f a/g
	is "$(what length)" 1
	observe -e open / -- cat h
	holds "any(.path == \"$PWD/h\")"
}

@test "PATH: other file systems mounted below it are" {
	mkdir -p a/b c
	mount -t tmpfs none a/b
	mkdir a/b/d
	mount -t tmpfs none a/b/d
	echo x | tee a/b/f a/b/d/f >c/f
	observe -e open a -- cat a/b/f a/b/d/f c/f
	umount a/b/d a/b
	is "$(what "map(.path | ltrimstr(\"$PWD/\"))")" '["a/b/f","a/b/d/f"]'
}

@test "PATH: one that is not there yet, nor its directory" {
	observe -e open "$PWD/late" dir/../dir/sub/./also / -- true
	is "$(head -n 2 err)" "filemon: $PWD/late: is not there yet"$'\n'"filemon: $PWD/dir/sub/also: is not there yet"
	observe -e open late other dir/sub/also -- sh -c '
		echo x >late; echo x >later; mkdir other; echo x >other/a; ln -s "$PWD/other" symlink; cat symlink/a
		mkdir -p dir/sub/also dir/also other/sub/also; echo x >dir/sub/also/b; echo x >dir/also/c
		echo x >dir/sub/alsoo; mv dir/sub/also away; cat away/b; echo x >also'
	is "$(what "map(.path | ltrimstr(\"$PWD/\"))")" \
		'["late","other/a","other/a","dir/sub/also/b","away/b"]'
	capture f/x -d 1
	is "$(tail -n 1 err)" 'filemon: 0 events printed'
	echo x >f
	capture f/x -d 1
	is "$status $(<err)" '64 filemon: f/x: Not a directory'
	ln -s nowhere dangling
	capture dangling -d 1
	is "$status $(<err)" '64 filemon: dangling: a symbolic link to what is not there'
}

@test "PATH: a log that is renamed and made anew, again and again" {
	mkdir log
	echo x >log/a
	observe -e write log/a -- sh -c 'exec 5>>log/a; for i in 1 2 3; do
		echo $i >&5; mv log/a log/a.$i; echo x >log/other; echo y >log/a; echo z >>log/a; echo $i >>log/a.$i
	done'
	is "$(what 'group_by(.path | sub(".*/"; "")) | map([(.[0].path | sub(".*/"; "")), (map(.bytes) | add)]) | sort')" \
		'[["a",14],["a.1",6],["a.2",2],["a.3",2]]'
}

@test "PATH: what is moved in and out while it is open" {
	mkdir -p u/d/e u/t w/m
	seq 100 | tee u/d/e/f >g
	mount -t tmpfs none u/t
	cp g u/t/g
	exec 5<u/d/e/f 6<u/t/g
	watch -e read w -c dd # not mv, nor mount
	step() { dd bs=1 count="$1" <&"$2" 2>/dev/null >/dev/null; }
	step 1 5
	step 1 5
	mv u/d w/d
	step 2 5
	mv w/d/e u/e
	step 4 5
	mv u v
	mv v w/v
	step 8 5
	mv w/v u
	step 16 6
	mount --move u/t w/m
	step 32 6
	umount -l w/m
	step 64 6
	finish TERM
	is "$(what 'map(.bytes) | add')" $((2 + 8 + 32))
}

@test "only regular files, unless --all-types" {
	observe -- sh -c 'echo x | cat >/dev/null'
	holds 'all(.event == "file.failed" or .type == "file")'
	observe --all-types -- sh -c 'echo x | cat >/dev/null'
	holds 'any(.event == "file.write" and .type == "pipe" and .bytes == 2 and (has("path") | not)) and
		any(.event == "file.write" and .type == "char" and .path == "/dev/null" and .bytes == 2)'
}

@test "deleted files, and such as never had a name" {
	observe -e write -- bash -c 'exec 5>f; rm f; echo 123 >&5'
	holds "length == 1 and .[0].path == \"$PWD/f\" and .[0].deleted"
	# Another name does not make it called so again.
	observe -e write -- bash -c 'exec 5>f; ln f g; rm f; echo 123 >&5'
	holds "length == 1 and .[0].path == \"$PWD/f\" and .[0].deleted"
	observe -e truncate,delete -- bash -c 'exec 5<>f; rm f; truncate -s 9 /proc/self/fd/5'
	is "$(what "map([.event, .path, .deleted])")" "[[\"file.delete\",\"$PWD/f\",null],[\"file.truncate\",\"$PWD/f\",true]]"
}

@test "another root directory" {
	mkdir -p root/dir
	observe -e open "$PWD/root" -- touching rooted root /dir
	is "$(what 'map([.path, .requested, .path_outside])')" '[["/dir/f","f",null]]'
	# What is called there as an operand is here is another file.
	mkdir -p watched "root$PWD/watched"
	observe -e open,@name,failed "$PWD/watched" -- touching rooted root "$PWD/watched"
	is "$(what length) $(<err)" '0 filemon: 0 events printed'
	observe -e open,@name "$PWD/root" -- touching rooted root "$PWD/watched"
	is "$(what 'map(.path) | unique')" "[\"$PWD/watched/f\"]"
}

@test "hostile names" {
	local name=$'\e[7m\n\xff"\\'

	observe -e open,write "$PWD" -- sh -c 'echo x >"$1"' sh "$name"
	holds "length == 2 and all(.path_hex == \"$(printf %s "$PWD/$name" | od -An -v -tx1 | tr -d ' \n')\")"
	is "$(wc -l <out)" 2
	observe -x -- sh -c 'exec 5<"$1"' sh "/nowhere/$name"
	holds "any(.requested_hex == \"$(printf %s "/nowhere/$name" | od -An -v -tx1 | tr -d ' \n')\")"
	observe -o table -e open "$PWD" -- sh -c 'echo x >"$1"' sh "$name"
	is "$(LC_ALL=C grep -c '[^ -~]' out) $(wc -l <out)" '0 2'
}

@test "hostile names that change" {
	local name=$'\e[7m\n\xff"\\' dir hex

	dir=$(printf %s "$PWD/$name" | od -An -v -tx1 | tr -d ' \n')
	observe -e @name,@meta "$PWD" -- sh -c 'mkdir "$1"; mv "$1" "$1$1"; ln -s "$1" "$1"; chmod 700 "$1$1"; rm "$1"; rmdir "$1$1"' sh "$name"
	is "$(wc -l <out)" 6
	hex=$dir$(printf %s "$name" | od -An -v -tx1 | tr -d ' \n')
	is "$(what 'map([.path_hex, .old_path_hex])')" \
		"[[\"$dir\",null],[\"$hex\",\"$dir\"],[\"$dir\",null],[\"$hex\",null],[\"$dir\",null],[\"$hex\",null]]"
	holds '.[2].target_hex == "'"$(printf %s "$name" | od -An -v -tx1 | tr -d ' \n')"'"'
	observe -o table -e @name "$PWD" -- sh -c 'mkdir "$1"; rmdir "$1"' sh "$name"
	is "$(LC_ALL=C grep -c '[^ -~]' out) $(wc -l <out)" '0 3'
}

# go_deep: below the directory long, one that has a long path ($dir) of long names ($name).
# shellcheck disable=SC2164 # a test ends where a command fails
go_deep() {
	printf -v name '%0255d' 0
	mkdir long
	cd long
	for _ in {1..14}; do mkdir "$name"; cd "$name"; done
	dir=$PWD
	cd "$BATS_TEST_TMPDIR"
}

@test "long names" {
	local name dir

	go_deep
	observe -e open long -- bash -c 'cd "$1"; : >f; : >"$2"' bash "$dir" "$name"
	is "$(what 'map([.path, .path_truncated])')" "$(jq -nc --arg d "$dir" --arg n "$name" '[[$d + "/f", null], [$d + "/" + $n, null]]')"
}

@test "long names that change" {
	local name dir

	go_deep
	observe -e mkdir,rename long -- bash -c '
		mkdir "$1/a"; mv -T "$1/a" "$1/${2:1}"; cd "$1/${2:1}"; mkdir "$2" && cd "$2" && mkdir "$2"' bash "$dir" "${name:0:200}"
	is "$(what 'map([.path, .old_path, .path_truncated])')" \
		"$(jq -nc --arg d "$dir" --arg n "${name:0:200}" '[
			[$d + "/a", null, null], [$d + "/" + $n[1:], $d + "/a", null],
			[$d + "/" + $n[1:] + "/" + $n, null, null],
			[[$d, $n[1:], $n, $n] | join("/") | . as $p | if length > 4096 then $p[length - 4096:] | sub("^[^/]*"; "") else . end, null,
				if length > 4096 then true else null end]]')"
}

@test "it does not watch itself, nor who reads its output" {
	watch -e write "$PWD"
	filemon -q -e write "$PWD" 2>other | sh -c 'while read -r x; do echo "$x" >>copy; done' &
	started+=($!)
	sh -c 'echo x >f'
	until_true lines out 1
	finish TERM
	holds 'map(select(.path | endswith("/f"))) | length == 1'
	holds 'map(select(.path | endswith("/out"))) | length == 0'
}

@test "a spool in the directory that is watched does not feed itself" {
	needs_http
	mkdir spool
	filemon -q "$PWD" -e write,create,rename 2>err | tee copy |
		http-post -q --spool spool http://127.0.0.1:9/ 2>posted &
	started+=($!)
	tool=$(pgrep -P $$ -x filemon)
	until_true watching
	echo x >f
	until_true lines copy 2
	echo x >g
	until_true lines copy 4
	kill "$tool"
	until_true gone "$tool"
	[[ $(find spool -type f -size +0) ]]
	is "$(jq -r .path copy | sed 's,.*/,,' | sort -u | xargs)" 'f g'
}

@test "--check says what it attaches" {
	filemon --check "$PWD" >out
	is "$(sed -n 's/^  \(on_[a-z_]*\) .*/\1/p' out | grep -v uring | xargs)" 'on_sys_exit on_exit'
}
