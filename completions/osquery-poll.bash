# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of osquery-poll in bash. Made by `make docs` from completions/bash.in and the tables of
# tools/osquery-poll.c: edit those.

_osquery-poll()
{
	local options='-I --interval= --name= --pack= --diff --measure= --timeout= --max-size= --osqueryi= -d
		--duration= -n --count= --rejects= --grace= -q --quiet -h --help --usage -V --version'
	local flags=qhV
	local valued=Idn
	local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
	local before='' kind=options
	local -a found=()

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
	-I | --interval) kind=nothing ;;
	--name) kind=nothing ;;
	--pack) kind=files ;;
	--measure) kind=nothing ;;
	--timeout) kind=nothing ;;
	--max-size) kind=nothing ;;
	--osqueryi) kind=nothing ;;
	-d | --duration) kind=nothing ;;
	-n | --count) kind=nothing ;;
	--rejects) kind=files ;;
	--grace) kind=nothing ;;
	esac

	case $kind in
	options) mapfile -t found < <(compgen -W "$options" -- "$word") ;;
	files)
		mapfile -t found < <(compgen -f -- "$word")
		compopt -o filenames
		;;
	esac
	COMPREPLY=("${found[@]/#/$before}")
	[[ ${COMPREPLY-} != --*= ]] || compopt -o nospace
}
complete -F _osquery-poll osquery-poll
