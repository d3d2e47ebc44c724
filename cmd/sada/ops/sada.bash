# Completion of sada for bash: source <(sada help --complete)
_sada() {
	local word=${COMP_WORDS[COMP_CWORD]} verb= i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) break ;;
		*) verb=${verb:+$verb }${COMP_WORDS[i]} ;;
		esac
	done
	if [[ $word != -* && -n $verb && -z $(sada help --words $verb | grep -v '^--') ]]; then
		return # a file
	fi
	mapfile -t COMPREPLY < <(compgen -W "$(sada help --words $verb)" -- "$word")
}
complete -o default -F _sada sada
