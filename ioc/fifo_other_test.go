//go:build !unix

package ioc

func makeFIFO(string) bool { return false }
