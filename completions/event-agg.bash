# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of event-agg in bash. Made by `make docs` from completions/bash.in and the tables of
# tools/event-agg.c: edit those.

_event-agg()
{
	local options='-I --interval= --by= --sum= --min= --max= --percentiles= --of= --distinct= --max-groups=
		--rejects= --grace= -q --quiet -h --help --usage -V --version'
	local flags=qhV
	local valued=I
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
	--by) kind=nothing ;;
	--sum) kind=nothing ;;
	--min) kind=nothing ;;
	--max) kind=nothing ;;
	--percentiles) kind=nothing ;;
	--of) kind=nothing ;;
	--distinct) kind=nothing ;;
	--max-groups) kind=nothing ;;
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
complete -F _event-agg event-agg
