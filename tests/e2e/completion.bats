#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=any-kernel
# What bash and zsh offer while a command line is typed: the same in both.
# shellcheck source=tests/e2e/helpers.bash
. "$BATS_TEST_DIRNAME/helpers.bash"

completions=$BATS_TEST_DIRNAME/../../completions

setup_file() {
	[[ -d $completions ]] || skip 'completions are not here'
	command -v zsh >/dev/null || skip 'there is no zsh'
}

# What bash offers. It has made the line's words before, of which = is one, and shows nothing itself.
# shellcheck disable=SC2317
bash_offers() {
	local -a COMP_WORDS COMPREPLY=()
	local COMP_CWORD COMP_LINE COMP_POINT

	compopt() { :; }
	# shellcheck disable=SC1090
	. "$completions/${1%% *}.bash"
	COMP_LINE=$1 COMP_POINT=${#1}
	read -ra COMP_WORDS <<<"${1//=/ = }"
	[[ $1 != *[\ ] ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	"_${1%% *}"
	((!${#COMPREPLY[@]})) || printf '%s\n' "${COMPREPLY[@]}"
}

# shellcheck disable=SC2317
zsh_offers() {
	timeout "$E2E_PATIENCE" zsh -f "$BATS_TEST_DIRNAME/complete.zsh" "$completions" "$1" | sed '/^$/d'
}

# offers LINE EXPECTED...: both shells offer this.
offers() {
	local shell expected

	expected=$(printf '%s\n' "${@:2}" | sort)
	for shell in bash zsh; do
		"${shell}_offers" "$1" | sed 's/=$//; s/.*,//' | sort -u >offered
		is "$shell, $1: $(<offered)" "$shell, $1: $expected"
	done
}

# All options in --help, as both ways to write them.
options_of() {
	"$1" --help | sed -nE 's/^ +(-[a-zA-Z]), --([a-z-]+).*/\1\n--\2/p; s/^ +--([a-z-]+).*/--\1/p'
}

@test "every tool has completions that both shells can read" {
	for tool in "$BUILD"/bin/*; do
		bash -n "$completions/${tool##*/}.bash"
		zsh -n "$completions/_${tool##*/}"
	done
	tool=''
}

@test "all options, and no others, are offered" {
	local -a options

	for tool in "$BUILD"/bin/*; do
		mapfile -t options < <(options_of "$tool")
		((${#options[@]} > 10))
		offers "${tool##*/} -" "${options[@]}"
	done
	tool=''
	offers 'execwatch --o' --output
	offers 'execwatch -q --no-s' --no-sandbox
}

@test "formats" {
	offers 'execwatch -o ' json table
	offers 'execwatch --output ' json table
	offers 'execwatch --output=j' json
	offers 'execwatch -qo t' table
	is "$(bash_offers 'execwatch -qoj')" -qojson
}

@test "groups of events, whose first letter parts words in bash" {
	is "$(bash_offers 'filemon -e @read,sym')" @read,symlink
	is "$(zsh_offers 'filemon -e open,@na' | sed 's/.*,//')" '@name'
	is "$(bash_offers 'filemon -e open,@na')" @name
	is "$(bash_offers 'filemon --events=@na')" @name
	is "$(bash_offers 'filemon -e@' | xargs)" '@read @write @name @meta'
	is "$(bash_offers 'filemon -e ' | grep -c @)" 4
}

@test "events, between commas, each once" {
	offers 'execwatch -e ' exec failed exit all
	offers 'execwatch --events=exec,' failed exit all
	offers 'execwatch -e exec,e' exit
}

@test "fields, between commas, each once" {
	local -a fields

	# What the tool says of itself when it is asked for another one.
	mapfile -t fields < <(execwatch -e all -f nonsense 2>&1 | sed 's/.*there are //; s/, /\n/g')
	((${#fields[@]} > 20))
	offers 'execwatch -f ' "${fields[@]}"
	offers 'execwatch -f pid,ts,exe_d' exe_deleted
	offers 'execwatch --fields=exit_code,ts,exi'
}

@test "fields to sum up by, and no number where one may stand" {
	local -a fields

	mapfile -t fields < <(execwatch -e all --top --by nonsense 2>&1 | sed 's/.*there are //; s/, /\n/g')
	((${#fields[@]} > 20))
	offers 'execwatch --top --by ' ts "${fields[@]}"
	offers 'execwatch --top --by=exe,tt' tty
	offers 'execwatch --top=1'
	offers 'execwatch --top --b' --by --buffer
}

@test "directions, and interfaces" {
	offers 'dnssnoop --direction=' in out
	offers 'dnssnoop --direction o' out
	offers 'dnssnoop -i lo' lo
	offers 'dnssnoop --interface=lo' lo
}

@test "users, files and cgroups" {
	offers 'execwatch -u roo' root
	offers 'execwatch --uid=roo' root
	: >"$U-file"
	offers "execwatch -w $U" "$U-file"
	offers "execwatch --write=$U" "$U-file"
	mkdir "$(cgroup_root)/$U-group"
	offers "execwatch --cgroup /$U" "/$U-group"
	rmdir "$(cgroup_root)/$U-group"
}

@test "processes" {
	local pid

	start sleep 1000
	pid=$!
	for shell in bash zsh; do
		for option in '-p ' '--pid=' '--tree '; do
			"${shell}_offers" "execwatch $option" >offered
			grep -qx "$pid" offered
		done
	done
}

@test "nothing where nothing is known" {
	for option in '-d ' '-n ' '-c ' '--tag=' '--buffer '; do
		offers "execwatch $option"
	done
}

@test "behind -- commands, and what is theirs" {
	ln -s /bin/true "${U}command"
	PATH=$PWD:$PATH
	offers "execwatch -q -- ${U}c" "${U}command"
	is "$(bash_offers 'execwatch -- sh -')" ''
	is "$(zsh_offers 'execwatch -- execwatch --no-s')" --no-sandbox
}

@test "helpers: files, and no commands" {
	: >"$U-file"
	offers "event-agg --rejects=$U" "$U-file"
	offers "event-agg --rejects $U" "$U-file"
	offers 'event-agg --q' --quiet
	offers 'event-agg --max-groups='
	offers 'statsd-recv --listen='
	offers 'statsd-emit --format='
	offers 'event-agg -- sh'
}
