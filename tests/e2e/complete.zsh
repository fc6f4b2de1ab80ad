# SPDX-License-Identifier: GPL-2.0-or-later
# zsh -f complete.zsh DIRECTORY LINE: prints what zsh offers at the end of a line, with the
# completions in a directory. A second zsh, on a terminal of its own, reads this file too.

if [[ ! -o interactive ]]; then
	zmodload zsh/zpty
	local line offers=

	zpty shell zsh -f -i
	zpty -w shell "stty -echo; PS1=; fpath=(${1:A} \$fpath); source ${0:A}; print are''we''ready"
	while zpty -r shell line && [[ $line != *arewe''ready* ]]; do :; done
	zpty -w -n shell "$2"$'\t'
	while zpty -r shell line && [[ $line != *offers-end* ]]; do
		[[ $offers ]] && print -r -- ${line//[$'\r\n']}
		[[ $line == *offers-begin* ]] && offers=begun
	done
	zpty -d shell
	return
fi

autoload -Uz compinit
compinit -u -D
bindkey '^I' complete-word
zstyle ':completion:*' insert-tab false

# What is to be offered comes here, but for calls that only ask what would match.
compadd() {
	local -a offers

	if [[ ${@[1,(i)(-|--)]} != *-[OAD]\ * ]]; then
		builtin compadd -A offers "$@"
		print -rl -- $offers
	fi
	builtin compadd "$@"
}
begin_offers() { print; print offers-begin }
end_offers() { print offers-end; exit }
compprefuncs=(begin_offers)
comppostfuncs=(end_offers)
