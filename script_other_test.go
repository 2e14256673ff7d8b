//go:build !unix

package main

import "github.com/rogpeppe/go-internal/testscript"

func deep(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("deep is for Unix") }
func fifo(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("fifo is for Unix") }
