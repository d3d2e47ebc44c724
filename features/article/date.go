package article

import (
	"strings"
	"time"

	"sada/features/arabic"
)

// Years outside of which a date is taken for something else: a telephone number, a Hijri year.
const (
	firstYear = 1900
	lastYear  = 2100
)

// months are the names of the months in the calendars that Arabic pages use: Egypt and the Gulf, the
// Levant and Iraq, Tunisia and Algeria, Morocco, and English.
var months = foldMonths([12][]string{
	{"يناير", "كانون الثاني", "جانفي", "January", "Jan"},
	{"فبراير", "شباط", "فيفري", "February", "Feb"},
	{"مارس", "آذار", "March", "Mar"},
	{"أبريل", "إبريل", "ابريل", "نيسان", "أفريل", "April", "Apr"},
	{"مايو", "أيار", "ماي", "May"},
	{"يونيو", "يونيه", "حزيران", "جوان", "June", "Jun"},
	{"يوليو", "يوليه", "تموز", "جويلية", "يوليوز", "July", "Jul"},
	{"أغسطس", "آب", "أوت", "غشت", "August", "Aug"},
	{"سبتمبر", "أيلول", "شتنبر", "September", "Sep", "Sept"},
	{"أكتوبر", "اكتوبر", "تشرين الأول", "October", "Oct"},
	{"نوفمبر", "تشرين الثاني", "نونبر", "November", "Nov"},
	{"ديسمبر", "كانون الأول", "دجنبر", "December", "Dec"},
})

func foldMonths(names [12][]string) map[string]time.Month {
	out := make(map[string]time.Month)
	var t arabic.Text
	for m, ns := range names {
		for _, n := range ns {
			t.Set(n)
			out[string(t.Norm)] = time.Month(m + 1)
		}
	}
	return out
}

// calendar holds the words that stand in a date or beside a time of day: parts of the names of months
// of both calendars, week days, and what connects them.
var calendar = foldCalendar(`محرم صفر ربيع الأول الآخر الثاني جمادى الأولى الآخرة الثانية رجب شعبان رمضان شوال ذو ذي القعدة الحجة
	الأحد الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت يوم في هـ م ص الموافق الساعة صباحا مساء ظهرا بتوقيت غرينتش
	st nd rd th gmt utc am pm Sunday Monday Tuesday Wednesday Thursday Friday Saturday`)

func foldCalendar(words string) map[string]bool {
	out := make(map[string]bool)
	var t arabic.Text
	t.Set(words)
	for name := range months {
		for _, w := range strings.Fields(name) {
			out[w] = true
		}
	}
	for _, token := range t.Tokens {
		out[string(t.Norm[token.At:token.End])] = true
	}
	return out
}

// dateWord reports whether a level-1 token may be of a date or a time of day.
func dateWord(w []byte) bool { return number(w) || calendar[string(w)] }

// ParseDate reads a date, with or without a time of day, from a record's field or a line of text:
// RFC 3339 and its relatives ("2025-05-29@14:43:47 GMT"), "22nd, September 2023 GMT", "September 22,
// 2023", day, month and year in Arabic with the month names of any region ("12 حزيران/ يونيو 2024"),
// a Hijri date with its Gregorian half ("26 شوال 1436 هـ الموافق 11 أغسطس 2015 م"), and numbers
// ("22/9/2023"), in any digits. The day comes before the month where both orders are possible. A time
// of day follows its date. The time is in UTC, in whole seconds; one without a zone is taken as UTC.
// dayOnly says that there was no time of day, and the time is then midnight. A Hijri date alone, an
// impossible date, a year outside 1900 to 2100 and numbers of any other kind give false.
func ParseDate(s string) (t time.Time, dayOnly, ok bool) {
	t, dayOnly, ok = parseISO(s)
	if !ok && len(s) <= maxDate {
		var text arabic.Text
		text.Set(s)
		t, dayOnly, ok = parseWords(s, &text)
	}
	if y := t.Year(); !ok || y < firstYear || y > lastYear { // a zone or 24:00 may have moved it
		return time.Time{}, false, false
	}
	return t, dayOnly, true
}

// maxDate is the length in bytes beyond which a string is no date: the longest publication lines
// seen have half of it.
const maxDate = 300

// parseISO reads the dates of machines: year first, in ASCII digits, at the start of the string.
func parseISO(s string) (time.Time, bool, bool) {
	s = strings.TrimSpace(s)
	no := func() (time.Time, bool, bool) { return time.Time{}, false, false }
	if len(s) < 10 || s[4] != '-' && s[4] != '/' || s[7] != s[4] {
		return no()
	}
	year, ok1 := digits(s[:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:10])
	date, ok := civil(year, month, day)
	if !ok1 || !ok2 || !ok3 || !ok {
		return no()
	}
	rest := strings.TrimLeft(s[10:], "T@ t")
	if rest == "" {
		return date, true, true
	}
	clock, zone, ok := parseClock(rest)
	if !ok {
		return no()
	}
	return date.Add(clock - zone), false, true
}

// civil returns midnight of a day that exists.
func civil(year, month, day int) (time.Time, bool) {
	if year < firstYear || year > lastYear || month < 1 || month > 12 || day < 1 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, t.Day() == day
}

// digits reads a number of one to four ASCII digits.
func digits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) >= 1 && len(s) <= 4
}

// parseClock reads "15:04" or "15:04:05", with a fraction, and a zone after it.
func parseClock(s string) (clock, zone time.Duration, ok bool) {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != ':' && r != '.' })
	if end < 0 {
		end = len(s)
	}
	fields := strings.Split(s[:end], ":")
	if len(fields) < 2 || len(fields) > 3 {
		return 0, 0, false
	}
	hour, ok1 := digits(fields[0])
	minute, ok2 := digits(fields[1])
	second, ok3 := 0, true
	if len(fields) == 3 {
		whole, fraction, cut := strings.Cut(fields[2], ".")
		second, ok3 = digits(whole)
		ok3 = ok3 && (!cut || strings.Trim(fraction, "0123456789") == "")
	}
	// 24:00 ends a day, second 60 is a leap second.
	if !ok1 || !ok2 || !ok3 || hour > 24 || hour == 24 && minute+second > 0 || minute > 59 || second > 60 {
		return 0, 0, false
	}
	clock = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second
	zone, n, ok := parseZone(strings.TrimSpace(s[end:]))
	return clock, zone, ok && n == len(strings.TrimSpace(s[end:]))
}

// parseZone reads the zone that a string begins with, and returns its length: "Z", "GMT", "UTC+3",
// "+03:00", "-0330". No zone is UTC.
func parseZone(s string) (zone time.Duration, n int, ok bool) {
	for _, name := range []string{"Z", "GMT", "UTC"} {
		if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
			n = len(name)
			break
		}
	}
	if n == len(s) || s[n] != '+' && s[n] != '-' {
		return 0, n, true
	}
	sign := time.Minute
	if s[n] == '-' {
		sign = -sign
	}
	rest := s[n+1:]
	end := 0
	for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == ':' && end+1 < len(rest) && rest[end+1] >= '0' && rest[end+1] <= '9') {
		end++
	}
	h, m, colon := strings.Cut(rest[:end], ":")
	if !colon && len(h) > 2 { // "0330"
		h, m = h[:len(h)-2], h[len(h)-2:]
	}
	hours, ok := digits(h)
	minutes, whole := digits(m)
	if !ok || len(h) > 2 || m != "" && (!whole || len(m) != 2) || hours > 14 || minutes > 59 {
		return 0, 0, false
	}
	return sign * time.Duration(60*hours+minutes), n + 1 + end, true
}

// parseWords reads a date from among the words of a line.
func parseWords(s string, t *arabic.Text) (time.Time, bool, bool) {
	n := len(t.Tokens)
	token := func(i int) string { return string(t.Norm[t.Tokens[i].At:t.Tokens[i].End]) }
	// month returns the month whose name begins at token i, and the number of its tokens.
	month := func(i int) (int, int) {
		if i+1 < n {
			if m, ok := months[string(t.Norm[t.Tokens[i].At:t.Tokens[i+1].End])]; ok {
				return int(m), 2
			}
		}
		if i < n {
			if m, ok := months[token(i)]; ok {
				return int(m), 1
			}
		}
		return 0, 0
	}
	year := func(i int) (int, bool) {
		if i >= n {
			return 0, false
		}
		y, ok := digits(token(i))
		return y, ok && y >= firstYear && y <= lastYear
	}
	// after finishes a date whose last token is i: a time of day may follow.
	after := func(y, m, d, i int) (time.Time, bool, bool) {
		date, ok := civil(y, m, d)
		if !ok {
			return time.Time{}, false, false
		}
		if clock, zone, ok := clockAfter(s, t, i+1); ok {
			return date.Add(clock - zone), false, true
		}
		return date, true, true
	}
	for i := range n {
		if d, ok := day(token(i)); ok {
			j := i + 1
			m, words := month(j)
			if m > 0 {
				j += words
				if again, words := month(j); again == m { // "أكتوبر/ تشرين الأول"
					j += words
				}
				if y, ok := year(j); ok {
					if date, dayOnly, ok := after(y, m, d, j); ok {
						return date, dayOnly, true
					}
				}
			}
		}
		if m, words := month(i); m > 0 && i+words < n { // "September 22, 2023"
			if d, ok := day(token(i + words)); ok {
				if y, ok := year(i + words + 1); ok {
					if date, dayOnly, ok := after(y, m, d, i+words+1); ok {
						return date, dayOnly, true
					}
				}
			}
		}
		if i+2 < n && divided(s, t, i) {
			a, ok1 := digits(token(i))
			b, ok2 := digits(token(i + 1))
			c, ok3 := digits(token(i + 2))
			if ok1 && ok2 && ok3 {
				y, m, d := c, b, a
				last := i + 2 // the year
				if a >= firstYear {
					y, m, d, last = a, b, c, i
				} else if b > 12 {
					m, d = a, b // the American order, where no other is possible
				}
				for n := i; n < i+3; n++ {
					if n != last && len(token(n)) > 2 {
						y = 0 // "011-10-2015" is a telephone number
					}
				}
				if date, dayOnly, ok := after(y, m, d, i+2); ok {
					return date, dayOnly, true
				}
			}
		}
	}
	return time.Time{}, false, false
}

// day reads the number of a day, with an English ordinal ending.
func day(s string) (int, bool) {
	for _, end := range []string{"st", "nd", "rd", "th"} {
		if n, ok := strings.CutSuffix(s, end); ok {
			s = n
			break
		}
	}
	n, ok := digits(s)
	return n, ok && len(s) <= 2 && n >= 1 && n <= 31
}

// divided reports whether token i and the two after it are divided like the numbers of a date, and
// no more numbers than they.
func divided(s string, t *arabic.Text, i int) bool {
	gap := func(i int) string {
		if i < 0 || i+1 >= len(t.Tokens) {
			return ""
		}
		return strings.TrimSpace(s[t.Tokens[i].To:t.Tokens[i+1].From])
	}
	sign := gap(i)
	if sign != "/" && sign != "-" && sign != "." && sign != "\\" || gap(i+1) != sign {
		return false
	}
	return (gap(i-1) != sign || !number(word(t, i-1))) && (gap(i+2) != sign || !number(word(t, i+3)))
}

// clockAfter reads a time of day among the next tokens: two numbers with a colon between them, a
// third perhaps, "م" or PM for the afternoon, and a zone.
func clockAfter(s string, t *arabic.Text, i int) (clock, zone time.Duration, ok bool) {
	token := func(i int) string {
		if i >= len(t.Tokens) {
			return ""
		}
		return string(word(t, i))
	}
	colon := func(i int) bool {
		return i+1 < len(t.Tokens) && strings.TrimSpace(s[t.Tokens[i].To:t.Tokens[i+1].From]) == ":"
	}
	stop := min(i+4, len(t.Tokens)) // "م - الساعة 14:30"
	for i < stop && !(colon(i) && number(word(t, i))) {
		i++
	}
	if i == stop {
		return 0, 0, false
	}
	text := token(i) + ":" + token(i+1)
	if i++; colon(i) {
		i++
		text += ":" + token(i)
	}
	clock, _, ok = parseClock(text)
	if !ok {
		return 0, 0, false
	}
	rest := s[t.Tokens[i].To:]
	half := token(i + 1)
	last := i + 1
	if next := token(i + 2); (half == "a" || half == "p") && next == "m" { // "p.m."
		half += next
		last++
	}
	switch half {
	case "م", "مساء", "pm", "ظهرا":
		if clock < 12*time.Hour && !(half == "ظهرا" && clock >= 11*time.Hour) {
			clock += 12 * time.Hour
		}
		rest = s[t.Tokens[last].To:]
	case "ص", "صباحا", "am":
		if clock >= 12*time.Hour && clock < 13*time.Hour {
			clock -= 12 * time.Hour
		}
		rest = s[t.Tokens[last].To:]
	}
	zone, _, ok = parseZone(strings.TrimLeft(rest, " \u00a0.()"))
	if !ok {
		zone = 0
	}
	return clock, zone, true
}
