# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of execwatch in bash. Made by `make docs` from completions/bash.in and the tables of
# tools/execwatch.c: edit those.

_execwatch()
{
	local options='--exe= --args= -o --output= -w --write= -f --fields= -e --events= -x --failed --tree-view
		--no-redact --host --tag= --top= --by= -I --interval= -p --pid= --tree= -c --comm= -u
		--uid= --cgroup= --include-self -d --duration= -n --count= --strict --grace= --check
		--schema --buffer= --no-sandbox -v --verbose -q --quiet -h --help --usage -V --version'
	local flags=xvqhV
	local valued=owfeIpcudn
	local events='exec failed exit all'
	local fields='ts event pid tid ppid uid comm proc cgroup cgroup_id exe exe_truncated exe_outside
		exe_deleted fileless filename interpreter script cwd cwd_truncated cwd_outside parent_comm
		ancestors ancestors_truncated gid euid egid secureexec loginuid tty nspid failed_tries
		args args_truncated args_size error filename_truncated tries exit_code signal core_dumped
		since_fork_ns since_exec_ns utime_ns stime_ns'
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
	--exe) kind=nothing ;;
	--args) kind=nothing ;;
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
complete -F _execwatch execwatch
