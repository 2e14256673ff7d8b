package ioc

import (
	"encoding/hex"
	"math"
	"net/netip"
	"strconv"
	"time"
)

// Kind says how the values of a term compare.
type Kind uint8

const (
	Text     Kind = iota
	Path          // text whose separators / and \ are the same
	Int           // unsigned 64 bit
	Float         // IEEE 754 double
	Time          // instant in 100 ns
	Duration      // whole seconds
	Digest        // raw bytes of a hash
	Address       // IPv4 or IPv6 address
	Bool
)

// A Value is one value of a term of an item.
//
// Ordered kinds (Int, Float, Time, Duration) carry a key whose unsigned order
// is the order of the values, so that one kind of index serves them all.
type Value struct {
	Kind Kind
	Elem int32  // which repeated element of the item it belongs to (handle, section, stream …), from 0
	Str  string // Text, Path: the bytes as the evidence has them; Digest: the raw hash; Address: what was read if it is no address
	Key  uint64 // Int, Duration: the number; Float, Time: see floatKey, TimeKey; Bool: 0 or 1
	Addr netip.Addr

	// Forms, of a Path, are parts of Str that are ways to write the same
	// thing; nil: there is only the one. Str is the longest of them.
	Forms *Forms
}

// Forms are the parts of a text from each of Starts to each of Ends. 0 is
// among Starts and the length of the text among Ends.
type Forms struct{ Starts, Ends []int }

// Each calls f for every form of the value by itself, the longest first, until
// it returns false.
func (v Value) Each(f func(Value) bool) {
	forms := v.Forms
	v.Forms = nil
	if !f(v) || forms == nil {
		return
	}
	whole := v.Str
	for _, s := range forms.Starts {
		for _, e := range forms.Ends {
			if s <= e && (s > 0 || e < len(whole)) {
				if v.Str = whole[s:e]; !f(v) {
					return
				}
			}
		}
	}
}

func TextValue(s string) Value        { return Value{Kind: Text, Str: s} }
func PathValue(s string) Value        { return Value{Kind: Path, Str: s} }
func IntValue(n uint64) Value         { return Value{Kind: Int, Key: n} }
func FloatValue(f float64) Value      { return Value{Kind: Float, Key: floatKey(f)} }
func DurationValue(sec uint64) Value  { return Value{Kind: Duration, Key: sec} }
func DigestValue(raw string) Value    { return Value{Kind: Digest, Str: raw} }
func AddressValue(a netip.Addr) Value { return Value{Kind: Address, Addr: a.Unmap()} }
func TicksValue(filetime int64) Value { return Value{Kind: Time, Key: ticksKey(filetime)} }
func TimeValue(t time.Time) Value     { return TicksValue(Ticks(t)) }
func (v Value) At(elem int) Value     { v.Elem = int32(elem); return v }

func BoolValue(b bool) Value {
	if b {
		return Value{Kind: Bool, Key: 1}
	}
	return Value{Kind: Bool}
}

// epochSeconds is 1970-01-01 counted from the FILETIME epoch 1601-01-01.
const epochSeconds = 11644473600

// Ticks is t as FILETIME: 100 ns since 1601-01-01 UTC, negative before.
func Ticks(t time.Time) int64 {
	return (t.Unix()+epochSeconds)*1e7 + int64(t.Nanosecond()/100)
}

// TicksTime is the inverse of Ticks.
func TicksTime(ticks int64) time.Time {
	sec, rest := ticks/1e7, ticks%1e7
	return time.Unix(sec-epochSeconds, rest*100).UTC()
}

func ticksKey(t int64) uint64 { return uint64(t) ^ 1<<63 }
func keyTicks(k uint64) int64 { return int64(k ^ 1<<63) }

// floatKey maps IEEE 754 order to unsigned order: negative numbers are
// inverted, positive ones get the top bit.
func floatKey(f float64) uint64 {
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

func keyFloat(k uint64) float64 {
	if k>>63 != 0 {
		return math.Float64frombits(k &^ (1 << 63))
	}
	return math.Float64frombits(^k)
}

// Ticks is the instant of a Time value as FILETIME.
func (v Value) Ticks() int64 { return keyTicks(v.Key) }

// String is the value as a report shows it and as text conditions see it:
// numbers in decimal, times as RFC 3339 in UTC, digests in lower-case
// hexadecimal. Text is given as it is, with whatever bytes it has.
func (v Value) String() string {
	switch v.Kind {
	case Int, Duration:
		return strconv.FormatUint(v.Key, 10)
	case Float:
		return strconv.FormatFloat(keyFloat(v.Key), 'g', -1, 64)
	case Time:
		return TicksTime(v.Ticks()).Format(time.RFC3339Nano)
	case Digest:
		return hex.EncodeToString([]byte(v.Str))
	case Address:
		if v.Addr.IsValid() {
			return v.Addr.String()
		}
		return v.Str
	case Bool:
		return strconv.FormatBool(v.Key == 1)
	}
	return v.Str
}
