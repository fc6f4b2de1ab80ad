# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of dnssnoop in bash. Made by `make docs` from completions/bash.in and the tables of
# tools/dnssnoop.c: edit those.

_dnssnoop()
{
	local options='-r --read= -i --interface= --port= --direction= --name= --qtype= --rcode= --pair
		--all-sections --timeout= -o --output= -w --write= -f --fields= -e --events= -x --failed
		--host --tag= --top= --by= -I --interval= -p --pid= --tree= -c --comm= -u --uid= --cgroup=
		--include-self -d --duration= -n --count= --strict --grace= --check --schema --buffer=
		--no-sandbox -v --verbose -q --quiet -h --help --usage -V --version'
	local flags=xvqhV
	local valued=riowfeIpcudn
	local events='query answer timeout malformed exchange all'
	local fields='ts event pid tid ppid uid comm proc cgroup cgroup_id direction service proto saddr sport
		daddr dport community_id bytes truncated id opcode flags rcode qclass answer_count
		authority_count additional_count edns_size dnssec_ok cookie client_subnet extended_error
		extended_error_text latency_ns retries malformed malformed_at authority additional qtype
		query answers answers_truncated'
	local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
	local before='' kind=options
	local -a found=()
	local root='' there dir type i typed=${COMP_LINE:0:COMP_POINT} begun=''

	# For bash, @ parts words: of one that has it only what the last @ begins is replaced.
	if [[ $typed =~ ([^[:space:]]+)[[:space:]]+([^[:space:]]*)(@[^[:space:]]*)$ ]]; then
		option=${BASH_REMATCH[1]} begun=${BASH_REMATCH[2]} word=$begun${BASH_REMATCH[3]}
	fi

	# Behind -- stands a command, with words of its own.
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		COMPREPLY=()
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		elif ((COMP_CWORD == i + 1)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$word")
		else
			compopt -o default
		fi
		return
	done

	# A value stands in the next word or in the option's; for bash = is mostly a word of its own.
	if [[ $word == = ]]; then
		word=''
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $word == --*=* ]]; then
		option=${word%%=*} before=$option= word=${word#*=}
	elif [[ $word =~ ^(-[$flags]*([=$valued]))(.+)$ ]]; then
		option=-${BASH_REMATCH[2]} before=${BASH_REMATCH[1]} word=${BASH_REMATCH[3]}
	elif [[ $option =~ ^-[$flags]*([=$valued])$ ]]; then
		option=-${BASH_REMATCH[1]}
	fi
	case $option in
	-r | --read) kind=files ;;
	-i | --interface) kind=interfaces ;;
	--port) kind=nothing ;;
	--direction) kind=directions ;;
	--name) kind=nothing ;;
	--qtype) kind=nothing ;;
	--rcode) kind=nothing ;;
	--timeout) kind=nothing ;;
	-o | --output) kind=formats ;;
	-w | --write) kind=files ;;
	-f | --fields) kind=fields ;;
	-e | --events) kind=events ;;
	--tag) kind=nothing ;;
	--top) [[ ${COMP_WORDS[*]:COMP_CWORD - 1:2} != *=* ]] || kind=nothing ;;
	--by) kind=fields ;;
	-I | --interval) kind=nothing ;;
	-p | --pid) kind=pids ;;
	--tree) kind=pids ;;
	-c | --comm) kind=nothing ;;
	-u | --uid) kind=users ;;
	--cgroup) kind=cgroups ;;
	-d | --duration) kind=nothing ;;
	-n | --count) kind=nothing ;;
	--grace) kind=nothing ;;
	--buffer) kind=nothing ;;
	esac

	case $kind in
	options) mapfile -t found < <(compgen -W "$options" -- "$word") ;;
	files)
		mapfile -t found < <(compgen -f -- "$word")
		compopt -o filenames
		;;
	formats) mapfile -t found < <(compgen -W 'table json' -- "$word") ;;
	directions) mapfile -t found < <(compgen -W 'in out' -- "$word") ;;
	interfaces)
		found=(/sys/class/net/*)
		mapfile -t found < <(compgen -W "${found[*]##*/}" -- "$word")
		;;
	users) mapfile -t found < <(compgen -u -- "$word") ;;
	pids)
		found=(/proc/[0-9]*)
		mapfile -t found < <(compgen -W "${found[*]#/proc/}" -- "$word")
		;;
	cgroups)
		while read -r _ dir type _; do
			[[ $type == cgroup2 ]] && root=$dir && break
		done </proc/mounts
		mapfile -t found < <(compgen -d -- "$root$word")
		found=("${found[@]#"$root"}")
		compopt -o filenames
		;;
	events | fields) # after the last comma, what is not there yet
		there=${word%"${word##*,}"} before+=$there word=${word##*,}
		[[ $kind == events ]] || events=$fields
		for i in $events; do
			[[ ,$there == *,$i,* ]] || found+=("$i")
		done
		mapfile -t found < <(compgen -W "${found[*]}" -- "$word")
		compopt -o nospace
		;;
	esac
	COMPREPLY=("${found[@]/#/$before}")
	COMPREPLY=("${COMPREPLY[@]#"$begun"}")
	[[ ${COMPREPLY-} != --*= ]] || compopt -o nospace
}
complete -F _dnssnoop dnssnoop
