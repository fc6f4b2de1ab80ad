# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of statsd-emit in bash. Made by `make docs` from completions/bash.in and the tables of
# tools/statsd-emit.c: edit those.

_statsd-emit()
{
	local options='-a --address= --prefix= --tag-keys= --format= -I --interval= -m --mapping= --mtu=
		--max-series= --print --tee --rejects= --grace= -q --quiet -h --help --usage -V --version'
	local flags=qhV
	local valued=aIm
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
	-a | --address) kind=nothing ;;
	--prefix) kind=nothing ;;
	--tag-keys) kind=nothing ;;
	--format) kind=nothing ;;
	-I | --interval) kind=nothing ;;
	-m | --mapping) kind=nothing ;;
	--mtu) kind=nothing ;;
	--max-series) kind=nothing ;;
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
complete -F _statsd-emit statsd-emit
