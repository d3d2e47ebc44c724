#compdef sada
# Completion of sada for zsh: source <(sada help --complete --shell zsh), after compinit
_sada() {
	local -a verb found
	local i
	for ((i = 2; i < CURRENT; i++)); do
		[[ $words[i] == -* ]] && break
		verb+=("$words[i]")
	done
	found=("${(@f)$(sada help --words -- $verb)}")
	if [[ $PREFIX != -* && $found[1] == --* ]]; then
		_files
		return
	fi
	found=("${(@)found//:/\\:}") # a colon begins the description
	found=("${(@)found/$'\t'/:}")
	_describe sada found
}
if [[ $funcstack[1] == _sada ]]; then # loaded by compinit, to complete at once
	_sada "$@"
else
	compdef _sada sada
fi
