//go:build ignore

// This program writes tables.go.
package main

import (
	"log"
	"os"

	"sada/features/arabic/internal/gen"
)

func main() {
	source, err := gen.Source()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("tables.go", source, 0o644); err != nil {
		log.Fatal(err)
	}
}
