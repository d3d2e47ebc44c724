package report

// keys are those of a run's manifest, for a reader of Arabic: options, thresholds, counts and steps.
var keys = map[string]string{
	// options
	"field": "أسماء الحقول", "max_page_bytes": "أطول سجل، بالبايت", "max_unpacked": "أقصى ما يفك من ملف مضغوط، بالبايت", "stemmer": "التجذيع",
	"similarity": "تشابه جاكار الذي ترشح منه الأزواج", "recall": "احتمال ترشيحها", "sketch": "البصمات", "threshold": "عتبة القصة", "sigma": "أيام التباعد التي تنقص التشابه",
	"horizon": "أقصى تباعد بالأيام", "method": "طريقة التجميع", "terms": "جدول مصطلحات من تشغيلة أخرى", "must_link": "أزواج مطلوب جمعها", "cannot_link": "أزواج مطلوب فصلها",
	"normalisation": "إصدار قواعد التسوية",
	// thresholds
	"copy_jaccard": "جاكار النسخ", "story": "القصة", "story_floor": "أدنى تشابه في القصة",
	// counts
	"pages": "الصفحات", "rejects": "المرفوضات", "duplicates": "منها معرفات مكررة", "bad_dates": "تواريخ غير مقروءة", "invalid_utf8": "نصوص أصلح ترميزها",
	"anchor_hits": "مراس مشتركة", "passage_pairs": "أزواج صفحات قورنت مقاطعها", "passages": "المقاطع", "signed": "نصوص لها بصمة", "too_short": "نصوص أقصر من أن تبصم",
	"lsh_buckets": "سلال البصمات", "lsh_largest_bucket": "أكبر سلة", "lsh_split_buckets": "سلال قسمت", "lsh_skipped_pairs": "أزواج تركت في السلال", "lsh_pairs": "أزواج رشحتها البصمات",
	"candidates": "أزواج مرشحة", "fragments": "نصوص ملحقة بلا صفحة", "fragments_settled": "منها ما عرف أصله", "links": "الروابط", "copy_groups": "مجموعات النسخ", "split_off": "صفحات فصلت عن سلاسل",
	"template_pairs": "أزواج من قالب واحد", "stories": "القصص", "unmet": "أزواج مطلوبة تعذر الأخذ بها", "story_candidates": "أزواج مرشحة لقصة", "story_links": "روابط القصص",
	"story_skipped_postings": "مواضع مصطلحات تركت",
	// steps
	"read": "القراءة", "copies": "النسخ", "write": "الكتابة",
}
