# Completion of sada for bash: source <(sada help --complete)
_sada() {
	local word=${COMP_WORDS[COMP_CWORD]} verb=() words i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] && break
		verb+=("${COMP_WORDS[i]}")
	done
	words=$(sada help --words -- "${verb[@]}" | cut -f 1)
	if [[ $word != -* && $words == --* ]]; then
		return # a file
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _sada sada
