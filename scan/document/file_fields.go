package document

import (
	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/source"
)

// digestTerms are the hashes of the content, by digest; streamDigestTerms
// those of a stream.
var (
	digestTerms = [digests]string{
		digestMD5:    "FileItem/Md5sum",
		digestMD54K:  "FileItem/Md54ksum",
		digestSHA1:   "FileItem/Sha1sum",
		digestSHA256: "FileItem/Sha256sum",
		digestSHA512: "FileItem/Sha512sum",
	}
	streamDigestTerms = [digests]string{
		digestMD5:    "FileItem/StreamList/Stream/Md5sum",
		digestSHA1:   "FileItem/StreamList/Stream/Sha1sum",
		digestSHA256: "FileItem/StreamList/Stream/Sha256sum",
	}
)

const streamElement = "FileItem/StreamList/Stream"

// fileFields are the terms of FileItem. Not among them, and so reported as not
// supported: Ssdeep, and the strings that a collector's own expressions caught
// (StringMatchList).
//
// Fields of streams cost Open, their hashes too: folders have streams, and the
// content of one is not that of the object, so Read has no part in them.
var fileFields = append([]Field[file]{
	field(match.Field{Term: "FileItem/FullPath", Kind: ioc.Path, Same: samePath, Identity: true}, fullPath),
	field(match.Field{Term: "FileItem/FilePath", Kind: ioc.Path, Same: samePath}, filePath),
	field(match.Field{Term: "FileItem/FileName", Kind: ioc.Text}, fileName),
	field(match.Field{Term: "FileItem/FileExtension", Kind: ioc.Text, Same: sameExtension}, fileExtension),
	field(match.Field{Term: "FileItem/Drive", Kind: ioc.Text, Same: sameDrive}, drive),
	field(match.Field{Term: "FileItem/DevicePath", Kind: ioc.Path}, devicePath),

	field(match.Field{Term: "FileItem/SizeInBytes", Kind: ioc.Int, Cost: match.Stat, Identity: true}, sizeInBytes),
	field(match.Field{Term: "FileItem/Created", Kind: ioc.Time, Cost: match.Stat}, fileTime(func(i *source.Info) int64 { return i.Created })),
	field(match.Field{Term: "FileItem/Modified", Kind: ioc.Time, Cost: match.Stat, Identity: true}, fileTime(func(i *source.Info) int64 { return i.Modified })),
	field(match.Field{Term: "FileItem/Accessed", Kind: ioc.Time, Cost: match.Stat}, fileTime(func(i *source.Info) int64 { return i.Accessed })),
	field(match.Field{Term: "FileItem/Changed", Kind: ioc.Time, Cost: match.Stat}, fileTime(func(i *source.Info) int64 { return i.Changed })),
	field(match.Field{Term: "FileItem/FilenameCreated", Kind: ioc.Time, Cost: match.Stat}, nameTime(func(n *source.NameTimes) int64 { return n.Created })),
	field(match.Field{Term: "FileItem/FilenameModified", Kind: ioc.Time, Cost: match.Stat}, nameTime(func(n *source.NameTimes) int64 { return n.Modified })),
	field(match.Field{Term: "FileItem/FilenameAccessed", Kind: ioc.Time, Cost: match.Stat}, nameTime(func(n *source.NameTimes) int64 { return n.Accessed })),
	field(match.Field{Term: "FileItem/FilenameChanged", Kind: ioc.Time, Cost: match.Stat}, nameTime(func(n *source.NameTimes) int64 { return n.Changed })),
	field(match.Field{Term: "FileItem/FileAttributes", Kind: ioc.Text, Cost: match.Stat, Multi: true}, fileAttributes),
	field(match.Field{Term: "FileItem/INode", Kind: ioc.Int, Cost: match.Stat}, inode),
	field(match.Field{Term: "FileItem/Permissions", Kind: ioc.Int, Cost: match.Stat, Same: samePermissions}, permissions),

	field(match.Field{Term: "FileItem/Username", Kind: ioc.Text, Cost: match.Open, Same: sameAccount},
		ownerName(func(o *source.Owner) (string, string) { return o.User, o.UserID })),
	field(match.Field{Term: "FileItem/SecurityID", Kind: ioc.Text, Cost: match.Open}, ownerID(func(o *source.Owner) string { return o.UserID })),
	field(match.Field{Term: "FileItem/SecurityType", Kind: ioc.Text, Cost: match.Open}, securityType),
	field(match.Field{Term: "FileItem/Group", Kind: ioc.Text, Cost: match.Open, Same: sameAccount},
		ownerName(func(o *source.Owner) (string, string) { return o.Group, o.GroupID })),
	field(match.Field{Term: "FileItem/GroupID", Kind: ioc.Text, Cost: match.Open}, ownerID(func(o *source.Owner) string { return o.GroupID })),

	field(match.Field{Term: streamElement + "/Name", Kind: ioc.Text, Cost: match.Open, Multi: true, Element: streamElement},
		streamField(func(s *source.Stream) ioc.Value { return ioc.TextValue(s.Name) })),
	field(match.Field{Term: streamElement + "/SizeInBytes", Kind: ioc.Int, Cost: match.Open, Multi: true, Element: streamElement},
		streamField(func(s *source.Stream) ioc.Value { return ioc.IntValue(uint64(max(0, s.Size))) })),
	field(match.Field{Term: streamDigestTerms[digestMD5], Kind: ioc.Digest, Cost: match.Open, Multi: true, Element: streamElement}, streamDigest(digestMD5)),
	field(match.Field{Term: streamDigestTerms[digestSHA1], Kind: ioc.Digest, Cost: match.Open, Multi: true, Element: streamElement}, streamDigest(digestSHA1)),
	field(match.Field{Term: streamDigestTerms[digestSHA256], Kind: ioc.Digest, Cost: match.Open, Multi: true, Element: streamElement}, streamDigest(digestSHA256)),

	field(match.Field{Term: digestTerms[digestMD5], Kind: ioc.Digest, Cost: match.Content}, digestField(digestMD5)),
	field(match.Field{Term: digestTerms[digestMD54K], Kind: ioc.Digest, Cost: match.Content}, digestField(digestMD54K)),
	field(match.Field{Term: digestTerms[digestSHA1], Kind: ioc.Digest, Cost: match.Content}, digestField(digestSHA1)),
	field(match.Field{Term: digestTerms[digestSHA256], Kind: ioc.Digest, Cost: match.Content}, digestField(digestSHA256)),
	field(match.Field{Term: digestTerms[digestSHA512], Kind: ioc.Digest, Cost: match.Content}, digestField(digestSHA512)),
	field(match.Field{Term: "FileItem/StringList/string", Kind: ioc.Text, Cost: match.Content, Multi: true, Strings: true}, stringList),
}, fileProgramFields()...)

func field[T any](f match.Field, get func(*T, func(ioc.Value) bool) error) Field[T] {
	return Field[T]{Field: f, get: get}
}
