# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of http-post in bash. Made by `make docs` from completions/bash.in and the tables of
# tools/http-post.c: edit those.

_http-post()
{
	local options='-H --header= --group= --bearer-file= --format= --batch= --max-size= --max-age=
		--retry-for= --client-cert= --client-key= --compress= --spool= --max-spool= --timeout=
		--ca= --drain --rejects= --grace= -q --quiet -h --help --usage -V --version'
	local flags=qhV
	local valued=H
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
	-H | --header) kind=nothing ;;
	--group) kind=nothing ;;
	--bearer-file) kind=files ;;
	--format) kind=nothing ;;
	--batch) kind=nothing ;;
	--max-size) kind=nothing ;;
	--max-age) kind=nothing ;;
	--retry-for) kind=nothing ;;
	--client-cert) kind=files ;;
	--client-key) kind=files ;;
	--compress) kind=nothing ;;
	--spool) kind=nothing ;;
	--max-spool) kind=nothing ;;
	--timeout) kind=nothing ;;
	--ca) kind=files ;;
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
complete -F _http-post http-post
