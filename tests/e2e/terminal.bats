#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# On a terminal: what is coloured, and that nobody but us colours anything.
# shellcheck disable=SC2030,SC2031 # each test is a process
# shellcheck disable=SC2016 # for the shells that tests start
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

export TERM=xterm
unset NO_COLOR

bold=$'\e[1m' red=$'\e[31m' yellow=$'\e[33m' plain=$'\e[0m'

# on_terminal OPTION... [-- COMMAND...]: what a terminal gets to see, to `out`.
on_terminal() { terminal execwatch -q "$@" </dev/null >out || :; }

# colors FILE: of each line one word: the colour that it has as a whole, none, or that it has others.
colors() {
	local line text word words=()

	while IFS= read -r line; do
		text=${line%"$plain"}
		case $text in
		"$bold"*) word=bold text=${text#"$bold"} ;;
		"$red"*) word=red text=${text#"$red"} ;;
		"$yellow"*) word=yellow text=${text#"$yellow"} ;;
		*) word=none text=$line ;;
		esac
		[[ $text != *$'\e'* && ($word == none || $line == *"$plain") ]] || word=other
		words+=("$word")
	done <"$1"
	echo "${words[*]}"
}

@test "red: what could not be executed, a status other than 0, a signal; nothing else" {
	local tries=$BUILD/tests/e2e/tries

	on_terminal -e exec,failed -- sh -c 'exec >said; "$0" once /nowhere/1; exec "$0" once /nowhere/2' "$tries"
	is "$(colors out)" 'bold none none red none red'
	on_terminal -e exec,exit -- true
	is "$(colors out)" 'bold none none'
	on_terminal -e exec,exit -- sh -c 'exit 200'
	is "$(colors out)" 'bold none red'
	on_terminal -e exec,exit -- sh -c 'kill -KILL $$'
	is "$(colors out)" 'bold none red'
	# Only for a reason that can be seen.
	on_terminal -e exit -f pid,comm -- false
	is "$(colors out)" 'bold none'
	on_terminal -e exit -f exit_code -- sh -c 'kill -KILL $$'
	is "$(colors out)" 'bold none'
	on_terminal -e exit -f comm,signal -- sh -c 'kill -KILL $$'
	is "$(colors out)" 'bold red'
}

@test "yellow: what was lost" {
	terminal execwatch -q -c "$U*" --buffer 4K </dev/null >out &
	started+=($!)
	until_true pgrep -P $!
	begun "$(pgrep -P $!)"
	programs a
	kill -STOP "$tool"
	burst 300 "./${U}a"
	kill -CONT "$tool"
	until_true grep -q lost out
	is "$(colors <(grep lost out))" yellow
	is "$(colors <(grep -v lost out) | tr ' ' '\n' | sort -u | xargs)" 'bold none'
}

@test "names and arguments that an attacker chose have no colour" {
	local name=$'\e[31m\n\xc2\x9b1m'

	cp "$BUILD/tests/e2e/burst" "$name"
	mkdir $'\e[32m'
	cd $'\e[32m'
	on_terminal -e all -f comm,exe,filename,error,exit_code,cwd,ancestors,args -- sh -c \
		'../"$0" "$0" "$1"; "$2" once "/nowhere/$0" "$0" "$1" >said' "$name" $'\e[0m\e]0;title\a' "$BUILD/tests/e2e/tries"
	# The shell, its two programs, the process that tries, and their ends.
	is "$(colors out | tr ' ' '\n' | sort | uniq -c | xargs)" '1 bold 7 none 1 red'
	# shellcheck disable=SC1003
	(($(grep -cF '\x1b[31m' out) >= 4))
	is "$(sed -E "s/\\$bold|\\$red|\\$plain//g" out | grep -c '[^ -~]')" 0
}

@test "no colours: NO_COLOR, a dumb terminal or none, no table, no terminal" {
	local run=(-e all -- sh -c 'exit 3')

	NO_COLOR='' on_terminal "${run[@]}" # does not count
	is "$(colors out)" 'bold none red'
	NO_COLOR=0 on_terminal "${run[@]}"
	is "$(colors out)" 'none none none'
	TERM=dumb on_terminal "${run[@]}"
	is "$(colors out)" 'none none none'
	(unset TERM && on_terminal "${run[@]}")
	is "$(colors out)" 'none none none'
	on_terminal -o json "${run[@]}"
	is "$(colors out) $(what length)" 'none none 2'
	GRAINTOOLS_OUTPUT=json on_terminal "${run[@]}"
	is "$(colors out) $(what length)" 'none none 2'
	terminal sh -c 'execwatch -q -o table "$@" | cat >out' sh "${run[@]}" </dev/null
	is "$(colors out)" 'none none none'
	terminal execwatch -q -o table -w out "${run[@]}" </dev/null || :
	is "$(colors out)" 'none none none'
}

@test "the heading comes again by the rows that the terminal has now" {
	programs a
	on_terminal -c "$U*" -f comm -- sh -c 'stty rows 5; burst 15 "$0"' "./${U}a" # none when it starts
	is "$(colors out | sed 's/none/./g; s/ //g; s/bold/H/g')" 'H....H....H....H...'
	on_terminal -o json -c "$U*" -f comm -- sh -c 'stty rows 5; burst 16 "$0"' "./${U}a"
	is "$(what 'map(.comm) | unique | length') $(wc -l <out)" '1 16'
	terminal sh -c 'stty rows 5; execwatch -q -o table -c "$1*" -- burst 16 "./$1a" | cat >out' sh "$U" </dev/null
	is "$(grep -c TIME out) $(wc -l <out)" '1 17'
	terminal sh -c 'stty rows 5; execwatch -q -o table -w out -c "$1*" -- burst 16 "./$1a"' sh "$U" </dev/null
	is "$(grep -c TIME out) $(wc -l <out)" '1 17'
}

@test "--tree-view: by ancestry; the ends of processes, which have no ancestors, are not indented" {
	ln -s "$(command -v bash)" "${U}s"
	programs t
	# By a shell that is gone: the tests' own ancestors may be more than are counted.
	sh -c '"$@" >out 2>err 3>&- &' sh execwatch -o table --tree-view -e all -f event,args -- \
		"./${U}s" -c '"./$0s" -c "\"./$0t\" a; exit 1"; "./$0t" b; "$1" once /nowhere/x y; exit 1' "$U" \
		"$BUILD/tests/e2e/tries"
	until_true grep -qs printed err
	awk '$1 == "process.exec" && sub("./'"$U"'", "") { print substr($0, 21, 8) }' out | sed 's/ -c.*//' >programs
	is "$(<programs)" "$(printf '%s\n' s '  s' '    t a' '  t b')"
	is "$(sed -n 's/^process.exec_failed //p' out)" y
	is "$(sed -n 's/^process.exit     *//p' out | sort | uniq -c | xargs)" '6 -'
}
