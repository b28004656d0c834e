// SPDX-License-Identifier: Apache-2.0
// Package tap prints the Test Anything Protocol: what the validation suite calls of github.com/mndrix/tap-go,
// which Debian has no package of.
package tap

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// T counts and prints the tests of one program.
type T struct {
	n    int
	todo bool
}

// New makes one that has printed nothing.
func New() *T { return &T{} }

// Header begins the output; of 0 tests, AutoPlan ends it.
func (t *T) Header(tests int) {
	fmt.Println("TAP version 13")
	if tests > 0 {
		fmt.Printf("1..%d\n", tests)
	}
}

// Ok prints a test and how it ended.
func (t *T) Ok(passed bool, text string) {
	word, todo := "not ok", ""
	if passed {
		word = "ok"
	}
	if t.todo {
		todo = " # TODO"
	}
	t.n++
	fmt.Printf("%s %d - %s%s\n", word, t.n, text, todo)
}

// Pass prints a test that passed.
func (t *T) Pass(text string) { t.Ok(true, text) }

// Fail prints a test that failed.
func (t *T) Fail(text string) { t.Ok(false, text) }

// Skip prints tests that were not made.
func (t *T) Skip(tests int, text string) {
	for ; tests > 0; tests-- {
		t.n++
		fmt.Printf("ok %d # SKIP %s\n", t.n, text)
	}
}

// Todo is for tests that are expected to fail.
func (t *T) Todo() *T {
	t.todo = true
	return t
}

// AutoPlan prints how many tests there were.
func (t *T) AutoPlan() { fmt.Printf("1..%d\n", t.n) }

// Diagnostic prints a comment.
func (t *T) Diagnostic(text string) {
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		fmt.Println("# " + line)
	}
}

// Diagnosticf prints a comment.
func (t *T) Diagnosticf(format string, values ...interface{}) { t.Diagnostic(fmt.Sprintf(format, values...)) }

// YAML prints details of the last test, as JSON, which YAML includes.
func (t *T) YAML(details interface{}) error {
	text, err := json.MarshalIndent(details, "  ", "  ")
	if err == nil {
		fmt.Fprintf(os.Stdout, "  ---\n  %s\n  ...\n", text)
	}
	return err
}
