// Package go121 has what the validation suite uses of Go 1.21's library, for Debian 12's Go 1.19.
package go121

import (
	"strings"
	"sync"
)

func Contains[E comparable](list []E, value E) bool {
	for _, e := range list {
		if e == value {
			return true
		}
	}
	return false
}

func DeleteFunc[S ~[]E, E any](list S, remove func(E) bool) S {
	kept := list[:0]
	for _, e := range list {
		if !remove(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

func OnceValue[A any](f func() A) func() A {
	var once sync.Once
	var a A

	return func() A {
		once.Do(func() { a = f() })
		return a
	}
}

func OnceValues[A, B any](f func() (A, B)) func() (A, B) {
	var once sync.Once
	var a A
	var b B

	return func() (A, B) {
		once.Do(func() { a, b = f() })
		return a, b
	}
}

func CutPrefix(s, prefix string) (string, bool) {
	return strings.TrimPrefix(s, prefix), strings.HasPrefix(s, prefix)
}
