package archive

import (
	"cmp"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"sada/cluster/inverted"
)

// TestFormat holds format.md to the types: every field of every table, in order, with its type, and no
// other.
func TestFormat(t *testing.T) {
	b, err := os.ReadFile("format.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]any{"segments": pageRow{}, "heads": headRow{}, groupsTable: groupFact{}, idsTable: idFact{}, aliasesTable: aliasFact{}, changesTable: ChangeRow{}, termsTable: termRow{},
		publishedTable: PublishedRow{}, publishedArray: Mark{}, knownArray: knownRow{}, knownPagesArray: knownPageRow{}, knownPartsArray: knownPartRow{}, knownMainArray: knownMainRow{},
		knownFrequencyArray: frequencyRow{}, knownRecurringArray: recurringRow{}, knownAlignedArray: alignedRow{}, knownEmptyArray: coupleRow{},
		knownCandidatesArray: candidateRow{}, knownFoundArray: passageRow{}, knownFragmentsArray: fragmentRow{}, knownVerifiedArray: verifiedRow{},
		knownFitsArray: fitRow{}, knownGroupsArray: knownGroupRow{}, knownToldArray: toldRow{}, knownLabelsArray: labelRow{}, knownSuggestedArray: suggestedRow{},
		knownLinksArray: linkRow{}, knownLabelledArray: labelledRow{}, knownTextsArray: endRow{}, knownSpelledArray: spelledRow{}, runsName: inverted.Posting{}} {
		_, section, ok := strings.Cut(string(b), "\n## "+name+"\n")
		if !ok {
			t.Errorf("format.md has no section %s", name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		var got []string
		for line := range strings.Lines(section) {
			if cells := strings.Split(line, "|"); len(cells) > 3 && strings.Contains(cells[1], "`") {
				got = append(got, strings.Trim(cells[1], " `")+": "+strings.TrimSpace(cells[2]))
			}
		}
		var want []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(row)) {
			if !f.Anonymous && f.IsExported() {
				want = append(want, cmp.Or(fieldName(f, "parquet"), fieldName(f, "array"), strings.ToLower(f.Name))+": "+typeName(f.Type))
			}
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("%s: types (-), format.md (+)\n%s", name, d)
		}
	}
	for _, name := range []string{knownRelatedArray, knownProposedArray, knownClosedArray, knownTextArray, knownFormsArray} { // with the fields of another
		if !strings.Contains(string(b), "\n## "+name+"\n") {
			t.Errorf("format.md has no section %s", name)
		}
	}
	for _, of := range []struct {
		row any
		tag string
	}{{rangeRow{}, "array"}, {placeRow{}, "array"}, {Layers{}, "json"}, {partRow{}, "parquet"}, {proposalRow{}, "parquet"}, {Manifest{}, "json"}, {Run{}, "json"}, {Night{}, "json"}, {FileInfo{}, "json"}} {
		for f := range reflect.TypeOf(of.row).Fields() {
			if name := fieldName(f, of.tag); name != "" && !strings.Contains(string(b), "`"+name+"`") {
				t.Errorf("format.md does not name %s of %T", name, of.row)
			}
		}
	}
}

func fieldName(f reflect.StructField, tag string) string {
	name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
	return name
}

func typeName(t reflect.Type) string {
	if t == reflect.TypeFor[text]() {
		return "text"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return "integer"
	case reflect.Array:
		return "16 bytes"
	case reflect.Slice:
		switch t.Elem().Kind() {
		case reflect.Uint8:
			return "bytes"
		case reflect.String:
			return "array of string"
		}
		return "array of " + strings.TrimSuffix(t.Elem().Name(), "Row")
	}
	if t != reflect.TypeFor[time.Time]() {
		return strings.TrimSuffix(t.Name(), "Row")
	}
	return "time or null"
}

// A row of an array is written as memory: between its fields there is nothing, which would be left as it was.
func TestWidths(t *testing.T) {
	for _, row := range []any{knownRow{}, placeRow{}, knownPageRow{}, knownPartRow{}, knownMainRow{}, frequencyRow{}, recurringRow{}, alignedRow{}, coupleRow{}, candidateRow{},
		passageRow{}, fragmentRow{}, verifiedRow{}, fitRow{}, knownGroupRow{}, toldRow{}, labelRow{}, suggestedRow{}, linkRow{}, labelledRow{}, spelledRow{}, endRow{}, Mark{}, headRow{}, headTermRow{}, headProposalRow{}, headPartRow{}} {
		if n := int(reflect.TypeOf(row).Size()); n != filled(reflect.TypeOf(row)) {
			t.Errorf("%T takes %d bytes, and its fields %d", row, n, filled(reflect.TypeOf(row)))
		}
	}
}

func filled(t reflect.Type) int {
	if t.Kind() != reflect.Struct {
		return int(t.Size())
	}
	n := 0
	for f := range t.Fields() {
		n += filled(f.Type)
	}
	return n
}
