// Package imagetest makes small disk images for tests, in every container
// that package image reads.
package imagetest

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"math/rand/v2"
	"strconv"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// Content is a disk of n bytes: noise, text that compresses well, and zeros,
// in turn, so that every kind of block occurs.
func Content(n int) []byte {
	rnd := rand.New(rand.NewPCG(uint64(n), 7))
	b := make([]byte, n)
	for at := 0; at < n; at += 4 << 10 {
		part := b[at:min(at+4<<10, n)]
		switch at / (64 << 10) % 3 {
		case 0:
			for i := range part {
				part[i] = byte(rnd.Uint32())
			}
		case 1:
			copy(part, "offset "+strconv.Itoa(at))
		}
	}
	return b
}

func zeros(b []byte) bool { return bytes.Count(b, []byte{0}) == len(b) }

// blocks cuts a disk into blocks; the last is filled with zeros.
func blocks(disk []byte, size int) [][]byte {
	var bs [][]byte
	for at := 0; at < len(disk); at += size {
		b := make([]byte, size)
		copy(b, disk[at:])
		bs = append(bs, b)
	}
	return bs
}

func pad(b []byte, to int) []byte { return append(b, make([]byte, (to-len(b)%to)%to)...) }

func vhdSum(b []byte, at int) {
	be.PutUint32(b[at:], 0)
	var sum uint32
	for _, c := range b {
		sum += uint32(c)
	}
	be.PutUint32(b[at:], ^sum)
}

// VHDFooter is a footer of that type.
func VHDFooter(size int64, kind int, header uint64) []byte {
	f := make([]byte, 512)
	copy(f, "conectix")
	be.PutUint32(f[12:], 0x10000)
	be.PutUint64(f[16:], header)
	be.PutUint64(f[40:], uint64(size))
	be.PutUint64(f[48:], uint64(size))
	be.PutUint32(f[60:], uint32(kind))
	vhdSum(f, 64)
	return f
}

// VHDFixed makes a fixed VHD.
func VHDFixed(disk []byte) []byte {
	return append(bytes.Clone(disk), VHDFooter(int64(len(disk)), 2, 1<<64-1)...)
}

// VHDDynamic makes a dynamic VHD; blocks of zeros are left out.
func VHDDynamic(disk []byte, block int) []byte {
	foot := VHDFooter(int64(len(disk)), 3, 512)
	parts := blocks(disk, block)
	head := make([]byte, 1024)
	copy(head, "cxsparse")
	be.PutUint64(head[8:], 1<<64-1)
	be.PutUint64(head[16:], 1536)
	be.PutUint32(head[24:], 0x10000)
	be.PutUint32(head[28:], uint32(len(parts)))
	be.PutUint32(head[32:], uint32(block))
	vhdSum(head, 36)
	table := bytes.Repeat([]byte{0xff}, (4*len(parts)+511)/512*512)
	out := append(append(bytes.Clone(foot), head...), table...)
	for i, p := range parts {
		if zeros(p) {
			continue
		}
		be.PutUint32(out[1536+4*i:], uint32(len(out)/512))
		out = pad(append(out, bytes.Repeat([]byte{0xff}, block/512/8)...), 512)
		out = append(out, p...)
	}
	return append(out, foot...)
}

const (
	grain    = 8 // sectors
	perTable = 16
)

// VMDK makes a sparse extent with a descriptor in it, of the kind
// monolithicSparse, or streamOptimized with its footer.
func VMDK(disk []byte, stream bool) []byte {
	kind, flags := "monolithicSparse", uint32(3)
	if stream {
		kind, flags = "streamOptimized", 3|1<<16|1<<17
	}
	text := "# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\ncreateType=\"" + kind + "\"\nRW " +
		strconv.Itoa(len(disk)/512) + " SPARSE \"disk.vmdk\"\n"
	head := make([]byte, 512)
	copy(head, "KDMV")
	le.PutUint32(head[4:], 3)
	le.PutUint32(head[8:], flags)
	le.PutUint64(head[12:], uint64(len(disk)/512))
	le.PutUint64(head[20:], grain)
	le.PutUint64(head[28:], 1)
	le.PutUint64(head[36:], 2)
	le.PutUint32(head[44:], perTable)
	copy(head[73:], "\n \r\n")
	if stream {
		le.PutUint16(head[77:], 1)
	}
	out := append(bytes.Clone(head), pad([]byte(text), 1024)...)
	parts := blocks(disk, grain*512)
	tables := make([]byte, (len(parts)+perTable-1)/perTable*perTable*4)
	for i, p := range parts {
		if zeros(p) {
			continue
		}
		le.PutUint32(tables[4*i:], uint32(len(out)/512))
		if !stream {
			out = append(out, p...)
			continue
		}
		data := deflated(p)
		out = le.AppendUint64(out, uint64(i*grain))
		out = le.AppendUint32(out, uint32(len(data)))
		out = pad(append(out, data...), 512)
	}
	directory := make([]byte, len(tables)/perTable)
	for i := range len(directory) / 4 {
		le.PutUint32(directory[4*i:], uint32(len(out)/512))
		out = pad(append(out, tables[4*perTable*i:4*perTable*(i+1)]...), 512)
	}
	le.PutUint64(head[56:], uint64(len(out)/512))
	out = pad(append(out, directory...), 512)
	if !stream {
		copy(out, head)
		return out
	}
	le.PutUint64(out[56:], 1<<64-1)
	out = append(out, make([]byte, 512)...) // marker of the footer
	out = append(out, head...)
	return append(out, make([]byte, 512)...) // end of stream
}

func deflated(p []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(p)
	w.Close()
	return b.Bytes()
}

// QCOW2 makes an image with clusters of 2^bits bytes, compressed or not.
func QCOW2(disk []byte, bits int, compressed bool) []byte {
	cluster := 1 << bits
	parts := blocks(disk, cluster)
	l2s := (len(parts) + cluster/8 - 1) / (cluster / 8)
	head := make([]byte, cluster)
	copy(head, "QFI\xfb")
	be.PutUint32(head[4:], 3)
	be.PutUint32(head[20:], uint32(bits))
	be.PutUint64(head[24:], uint64(len(disk)))
	be.PutUint32(head[36:], uint32(l2s))
	be.PutUint64(head[40:], uint64(cluster))
	be.PutUint32(head[96:], 4)
	be.PutUint32(head[100:], 104)
	l1 := make([]byte, (8*l2s+cluster-1)/cluster*cluster)
	out := append(head, l1...)
	tables := len(out)
	out = append(out, make([]byte, l2s*cluster)...)
	for i := range l2s {
		be.PutUint64(out[cluster+8*i:], 1<<63|uint64(tables+i*cluster))
	}
	for i, p := range parts {
		if zeros(p) {
			continue
		}
		entry := 1<<63 | uint64(len(out))
		if compressed {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, 6)
			w.Write(p)
			w.Close()
			sectors := (b.Len() + 511) / 512
			entry = 1<<62 | uint64(sectors-1)<<(62-(bits-8)) | uint64(len(out))
			p = pad(b.Bytes(), cluster)
		}
		be.PutUint64(out[tables+8*i:], entry)
		out = append(out, p...)
	}
	return out
}

// EWF makes segments of an E01, of chunks of 8 sectors each, with at most that
// many chunks in a segment. MD5 and SHA1 are stored.
func EWF(disk []byte, perSegment int, md5, sha1 []byte) [][]byte {
	const chunk = 8 * 512
	var segments [][]byte
	parts := blocks(disk, chunk)
	count := len(parts)
	if n := len(disk) % chunk; n > 0 {
		parts[count-1] = parts[count-1][:n]
	}
	for number := 1; len(parts) > 0; number++ {
		mine := parts[:min(perSegment, len(parts))]
		parts = parts[len(mine):]
		out := []byte("EVF\x09\r\n\xff\x00\x01\x00\x00\x00\x00")
		le.PutUint16(out[9:], uint16(number))
		if number == 1 {
			v := make([]byte, 1048)
			le.PutUint32(v[4:], uint32(count))
			le.PutUint32(v[8:], 8)
			le.PutUint32(v[12:], 512)
			le.PutUint64(v[16:], uint64(len(disk)/512))
			out = ewfSection(out, "volume", ewfSum(v))
		}
		base := len(out)
		var data, entries []byte
		for _, p := range mine {
			at := uint32(76 + len(data))
			if z := deflated(p); len(z) < len(p) {
				at |= 1 << 31
				data = append(data, z...)
			} else {
				data = append(data, ewfSum(p)...)
			}
			entries = le.AppendUint32(entries, at)
		}
		out = ewfSection(out, "sectors", data)
		table := make([]byte, 20)
		le.PutUint32(table, uint32(len(mine)))
		le.PutUint64(table[8:], uint64(base))
		table = append(ewfSum(table), ewfSum(entries)...)
		out = ewfSection(ewfSection(out, "table", table), "table2", table)
		if len(parts) > 0 {
			segments = append(segments, ewfSection(out, "next", nil))
			continue
		}
		digest := make([]byte, 76)
		copy(digest, md5)
		copy(digest[16:], sha1)
		out = ewfSection(out, "digest", ewfSum(digest))
		segments = append(segments, ewfSection(out, "done", nil))
	}
	return segments
}

// ewfSum appends the checksum of all before it.
func ewfSum(b []byte) []byte { return le.AppendUint32(bytes.Clone(b), adler32.Checksum(b)) }

func ewfSection(out []byte, name string, content []byte) []byte {
	h := make([]byte, 72)
	copy(h, name)
	size := 76 + len(content)
	next := len(out) + size
	if name == "next" || name == "done" { // they lead to themselves
		next = len(out)
	}
	le.PutUint64(h[16:], uint64(next))
	le.PutUint64(h[24:], uint64(size))
	return append(append(out, ewfSum(h)...), content...)
}

func castagnoli(b []byte, at int) {
	le.PutUint32(b[at:], 0)
	le.PutUint32(b[at:], crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}
