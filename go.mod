module iocscan

go 1.26.0

// What the program is built from, and why.
require (
	github.com/Velocidex/ordereddict v0.0.0-20250821063524-02dc06e46238 // events as JSON in the order of their fields
	github.com/charmbracelet/lipgloss v1.1.0 // colours of the human report
	github.com/charmbracelet/x/term v0.2.1 // width of the terminal
	github.com/dlclark/regexp2 v1.12.0 // patterns with look-around, which package regexp has not got
	github.com/klauspost/compress v1.18.5 // logs and kernel modules that are compressed with zstd
	github.com/lima-vm/go-qcow2reader v0.7.0 // disk images of QEMU
	github.com/mattn/go-isatty v0.0.24 // terminals, those of Cygwin included
	github.com/minio/md5-simd v1.1.2 // MD5 of several files side by side, where one at a time is what a scan waits for
	github.com/muesli/termenv v0.16.0 // the colours that a terminal has
	github.com/schollz/progressbar/v3 v3.19.1 // progress on the terminal
	github.com/urfave/cli/v2 v2.27.7 // the command line
	golang.org/x/sys v0.49.0 // system calls of the sources
	golang.org/x/text v0.43.0 // encodings of IOC files, and Unicode normal forms
	modernc.org/sqlite v1.50.0 // the databases of browsers
	www.velocidex.com/golang/evtx v0.2.1-0.20260612024815-7947209eb310 // the whole event of a match, and the other opinion on our own reader
	www.velocidex.com/golang/go-ese v0.2.1-0.20260525143345-56639b015799 // the databases in which Internet Explorer and the first Edge keep what they remember
	www.velocidex.com/golang/go-prefetch v0.0.0-20251027080408-85407689d0cb // the decompression of prefetch files, and of files that Windows keeps compressed
)

// What only tests need.
require (
	github.com/bmatcuk/doublestar/v4 v4.10.4 // the other opinion on globs
	github.com/google/go-cmp v0.7.0 // differences in words
	github.com/rogpeppe/go-internal v1.16.0 // transcripts of the command line (testscript)
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // reports against their schema
	www.velocidex.com/golang/go-ntfs v0.2.1 // the other opinion on the compression of NTFS
	www.velocidex.com/golang/go-pe v0.1.1-0.20251107001057-f93001158cd9 // the other opinion on PE files
)

require (
	github.com/Velocidex/json v0.0.0-20220224052537-92f3c0326e5a // indirect
	github.com/Velocidex/pkcs7 v0.0.0-20230220112103-d4ed02e1862a // indirect
	github.com/Velocidex/yaml/v2 v2.2.8 // indirect
	github.com/aymanbagabas/go-osc52/v2 v2.0.1 // indirect
	github.com/charmbracelet/colorprofile v0.2.3-0.20250311203215-f60798e515dc // indirect
	github.com/charmbracelet/x/ansi v0.8.0 // indirect
	github.com/charmbracelet/x/cellbuf v0.0.13-0.20250311204145-2c3ea96c31dd // indirect
	github.com/cpuguy83/go-md2man/v2 v2.0.7 // indirect
	github.com/davecgh/go-spew v1.1.2-0.20180830191138-d8f796af33cc // indirect
	github.com/dustin/go-humanize v1.0.1 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/hashicorp/golang-lru v1.0.2 // indirect
	github.com/klauspost/cpuid/v2 v2.0.1 // indirect
	github.com/kr/text v0.2.0 // indirect
	github.com/lucasb-eyer/go-colorful v1.2.0 // indirect
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db // indirect
	github.com/ncruces/go-strftime v1.0.0 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/russross/blackfriday/v2 v2.1.0 // indirect
	github.com/stretchr/testify v1.10.0 // indirect
	github.com/xo/terminfo v0.0.0-20220910002029-abceb7e1c41e // indirect
	github.com/xrash/smetrics v0.0.0-20240521201337-686a1a2994c1 // indirect
	golang.org/x/term v0.44.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	modernc.org/libc v1.72.0 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.11.0 // indirect
	www.velocidex.com/golang/binparsergen v0.1.1-0.20240404114946-8f66c7cf586e // indirect
)
