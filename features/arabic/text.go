package arabic

// Version numbers the normalisation rules. It changes whenever any text could get other tokens.
const Version = 1

// Token is one level-1 token: Norm[At:End] of its Text, made from the bytes [From, To) of the original.
type Token struct {
	At, End  uint32
	From, To uint32
}

// Text is the level-1 form of one text. The zero Text is ready to use.
// Norm and Tokens belong to the Text: they are valid until the next Set, which reuses their memory.
type Text struct {
	Norm   []byte // the tokens, joined by single spaces
	Tokens []Token
}
