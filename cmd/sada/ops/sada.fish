# Completion of sada for fish: sada help --complete --shell fish | source
function __sada_words
	set -l verb
	for word in (commandline -opc)[2..-1]
		string match -q -- '-*' $word; and break
		set -a verb $word
	end
	sada help --words -- $verb
end
complete -c sada -a '(__sada_words)'
complete -c sada -f -n '__sada_words | string match -qv -- "--*"' # no files where a verb is meant
