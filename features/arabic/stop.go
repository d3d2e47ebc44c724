package arabic

// stopWords holds the level-1 forms of the words that carry no topic.
var stopWords = func() map[string]bool {
	var t Text
	t.Set(stopText)
	words := make(map[string]bool, len(t.Tokens))
	for _, token := range t.Tokens {
		words[string(t.Norm[token.At:token.End])] = true
	}
	return words
}()

// stopSieve has the bit of every stop word's [sieve] set: most other words are told by it without
// a look into the map.
var stopSieve = func() (bits [1 << sieveBits / 64]uint64) {
	for w := range stopWords {
		i := sieve([]byte(w))
		bits[i/64] |= 1 << (i % 64)
	}
	return bits
}()

const sieveBits = 13 // for 300 words: one in 25 others passes

// sieve hashes a token by its length and its first and last letters.
func sieve(token []byte) uint32 {
	h := short(token[:min(len(token), 4)])
	h |= short(token[max(len(token)-4, 0):]) << 32
	h += uint64(len(token))
	return uint32(h * 0x9E3779B97F4A7C15 >> (64 - sieveBits)) // Fibonacci hashing
}

// stop reports whether a token is a stop word.
func stop(token []byte) bool {
	i := sieve(token)
	return stopSieve[i/64]&(1<<(i%64)) != 0 && stopWords[string(token)]
}

// stopText lists function words as they are written, and the verbs with which news agencies report
// speech: these stand in most pages of any topic.
const stopText = `
من في على إلى عن مع حتى منذ خلال بين عند لدى ضد نحو حول دون بدون عبر رغم قبل بعد أثناء ضمن غير مثل سوى
منه منها منهم فيه فيها فيهم عليه عليها عليهم إليه إليها إليهم عنه عنها معه معها به بها بهم له لها لهم بينهم بينها لديه لديها
أن إن أنه أنها أنهم إنه إنها إنهم بأن بأنه بأنها لأن لأنه لأنها كأن لكن لو لولا إذا إذ كي لكي لا لم لن ما ليس ليست قد لقد سوف هل
أو أم بل ثم أما إما كما بما مما فيما عما ربما كلما حين حيث عندما بينما كذلك أيضا فقط إلا
هو هي هم هما نحن أنا هذا هذه هؤلاء ذلك تلك أولئك الذي التي الذين هنا هناك
كان كانت كانوا يكون تكون كل بعض أي جميع كافة نفس ماذا لماذا كيف متى أين كم
ومن وفي وعلى وإلى وعن ومع وهو وهي وهم وهذا وهذه وذلك والذي والتي وأن وإن وأنه وأنها ولا ولم ولن وما وقد ولكن وكان وكانت وليس وبعد وكما فإن فقد
قال قالت يقول تقول وقال وقالت فقال ويقول وتقول
أضاف أضافت يضيف تضيف وأضاف وأضافت فأضاف ويضيف
أوضح أوضحت يوضح توضح وأوضح وأوضحت ويوضح
أكد أكدت يؤكد تؤكد وأكد وأكدت فأكد ويؤكد مؤكدا
`
