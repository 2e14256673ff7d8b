// Package regftest writes small registry hives and transaction logs for tests:
// sound ones, from a description of keys and values, and the means to damage
// them. It shares no code with the reader.
package regftest
