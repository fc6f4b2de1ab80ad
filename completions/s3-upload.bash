# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of s3-upload in bash. Made by `make docs` from completions/bash.in and the tables of
# tools/s3-upload.c: edit those.

_s3-upload()
{
	local options='--endpoint= --region= --profile= --path-style --max-size= --max-age= --key= --name=
		--storage-class= --sse= --object-tag= --tee --compress= --spool= --max-spool= --timeout=
		--ca= --drain --rejects= --grace= -q --quiet -h --help --usage -V --version'
	local flags=qhV
	local valued=
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
	--endpoint) kind=nothing ;;
	--region) kind=nothing ;;
	--profile) kind=nothing ;;
	--max-size) kind=nothing ;;
	--max-age) kind=nothing ;;
	--key) kind=nothing ;;
	--name) kind=nothing ;;
	--storage-class) kind=nothing ;;
	--sse) kind=nothing ;;
	--object-tag) kind=nothing ;;
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
complete -F _s3-upload s3-upload
