package ioc

// A Term is one entry of the OpenIOC vocabulary.
type Term struct {
	Name        string // the search path, such as FileItem/Md5sum
	Type        string // string, int, uint64, float, double, bool, date, IP, md5, sha1, sha256
	Description string
	Platforms   string // linux, osx, win joined by "|"; empty where the lists do not say
	Status      string // official, deprecated, no-host-source, extension, nonstandard
	Alias       string // the term that a nonstandard or older spelling stands for; empty for all others
}
