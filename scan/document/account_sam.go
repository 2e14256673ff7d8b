package document

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"iocscan/scan/internal/regf"
)

// A sam is what the hive SAM says of the accounts that a machine keeps itself.
type sam struct {
	machine   string // SID of the machine, which those of its accounts begin with; empty: not known
	threshold uint16 // wrong passwords that lock an account; 0: any number is allowed
	forever   bool   // until an administrator opens it
	policyErr error  // threshold and forever are not known

	users     []samUser
	groups    []samGroup
	userErrs  []error // what of the users could not be listed
	groupErrs []error

	text int // bytes of texts and members so far
}

// Windows keeps accounts in records of its own making, of which Microsoft says
// nothing. What is known of them is public: chntpw's sam.h, impacket's
// secretsdump.py, RegRipper's samparse.pl.
const samDomains = `HKLM\SAM\SAM\Domains`

// mostSAM bounds the bytes of all texts and members: more than any machine
// has, and less than records that share their bytes could be made to need.
const mostSAM = 64 << 20

// readSAM reads the accounts as far as it can.
func readSAM(req *Request) *sam {
	if runningWindows(req) {
		return askSAM()
	}
	s := &sam{}
	account, err := openKey(req, samDomains+`\Account`)
	if err != nil {
		s.policyErr, s.userErrs, s.groupErrs = err, []error{err}, []error{err}
		return s
	}
	if err := s.readDomain(account); err != nil {
		s.userErrs, s.groupErrs = []error{err}, []error{err}
	}
	s.userErrs = append(s.userErrs, s.each(account, "Users", s.user)...)
	s.groupErrs = append(s.groupErrs, s.each(account, "Groups", s.group(samGlobal, s.machine))...)
	s.groupErrs = append(s.groupErrs, s.each(account, "Aliases", s.group(samLocal, s.machine))...)
	if b, err := openKey(req, samDomains+`\Builtin`); err != nil {
		s.groupErrs = append(s.groupErrs, err)
	} else {
		s.groupErrs = append(s.groupErrs, s.each(b, "Aliases", s.group(samLocal, "S-1-5-32"))...)
	}
	return s
}

// readDomain reads the machine's SID and its policy on wrong passwords.
func (s *sam) readDomain(k keyValues) error {
	_, f, _, err := k.raw("F")
	if err == nil && len(f) < 0x56 {
		err = fmt.Errorf("registry value %s\\F: %d bytes are too few", k.Path(), len(f))
	}
	if s.policyErr = err; err == nil {
		s.threshold = le.Uint16(f[0x54:])
		lasts := le.Uint64(f[0x30:])
		s.forever = lasts == 0 || lasts == 1<<63
	}
	r, err := k.record("V", samDomain)
	if err != nil {
		return err
	}
	raw, err := r.part(1)
	if err != nil {
		return err
	}
	sid, n := readSID(raw)
	if n == 0 || n != len(raw) {
		return fmt.Errorf("registry key %s: the SID of the machine is none", k.Path())
	}
	s.machine = sid
	return nil
}

var le = binary.LittleEndian

// each takes the entries below a key, which are named for their RIDs. The key
// Names beside them has a key for each name, the type of whose default value is
// the RID; it tells the name of an entry that is damaged, and of one that is
// gone.
func (s *sam) each(k keyValues, in string, take func(k keyValues, rid uint32, name string) error) (errs []error) {
	folder, err := k.below(in)
	if err != nil {
		return []error{err}
	}
	names := map[uint32]string{}
	if of, err := folder.below("Names"); err != nil {
		errs = append(errs, err)
	} else {
		for sub, err := range of.Subkeys() {
			if err == nil && len(names) >= mostEntries {
				return append(errs, fmt.Errorf("registry key %s: more than %d names", of.Path(), mostEntries))
			}
			var t regf.Type
			if err == nil {
				t, _, _, err = keyValues{sub}.raw("")
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			names[uint32(t)] = keyValues{sub}.name()
		}
	}
	taken := 0
	for sub, err := range folder.Subkeys() {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		entry := keyValues{sub}
		rid, err := strconv.ParseUint(entry.name(), 16, 32)
		if err != nil { // Names, Members
			continue
		}
		if taken++; taken > mostEntries {
			return append(errs, fmt.Errorf("registry key %s: more than %d entries", folder.Path(), mostEntries))
		}
		if err := take(entry, uint32(rid), names[uint32(rid)]); err != nil {
			errs = append(errs, err)
		}
		delete(names, uint32(rid))
	}
	for _, rid := range slices.Sorted(maps.Keys(names)) {
		errs = append(errs, fmt.Errorf("registry key %s: %q (%d) has a name and no entry", folder.Path(), names[rid], rid))
	}
	return errs
}

// A samUser is an account.
type samUser struct {
	rid  uint32
	sid  string // empty: not known
	name string

	fullName, comment, home, script string
	whyTexts                        error // these are not known

	lastLogin    int64 // FILETIME ticks; 0: never
	group        uint32
	flags        uint16
	badPasswords uint16 // since the last right one
	whyFacts     error  // these are not known
	whyFlags     error  // flags are not known either
}

// Flags of an account (MS-SAMR 2.2.1.12, ACB_ of the older [MS-RAP]).
const (
	samDisabled   = 0x0001
	samNoPassword = 0x0004 // none is required
	samLocked     = 0x0400
)

func (s *sam) user(k keyValues, rid uint32, name string) error {
	u := samUser{rid: rid, sid: s.sid(s.machine, rid), name: name}
	r, err := k.record("V", samAccount)
	for _, of := range []struct {
		part int
		text *string
	}{{1, &u.name}, {2, &u.fullName}, {3, &u.comment}, {6, &u.home}, {8, &u.script}} {
		if err != nil {
			break
		}
		var part []byte
		if part, err = r.part(of.part); err == nil {
			if s.text += len(part); s.text > mostSAM {
				return errMuchSAM
			}
			*of.text = samText(part)
		}
	}
	if u.whyTexts = err; err != nil {
		u.name, u.fullName, u.comment, u.home, u.script = name, "", "", "", ""
	}
	_, f, _, err := k.raw("F")
	if err == nil && len(f) < 0x44 {
		err = fmt.Errorf("registry value %s\\F: %d bytes are too few", k.Path(), len(f))
	}
	if u.whyFacts, u.whyFlags = err, err; err == nil {
		u.lastLogin = int64(le.Uint64(f[8:]))
		u.group = le.Uint32(f[0x34:])
		u.flags = le.Uint16(f[0x38:])
		u.badPasswords = le.Uint16(f[0x40:])
		if u.lastLogin < 0 || u.lastLogin == 1<<63-1 { // "never" of other fields
			u.lastLogin = 0
		}
	}
	s.users = append(s.users, u)
	return nil
}

var errMuchSAM = errors.New("the texts of the accounts are more than any machine has")

// A samGroup is a group: a local one (alias), or a global one of the machine.
type samGroup struct {
	rid     uint32
	sid     string
	name    string
	global  bool
	members []string // SIDs
	why     error    // members are not known
}

func (s *sam) group(layout samLayout, domain string) func(keyValues, uint32, string) error {
	return func(k keyValues, rid uint32, name string) error {
		g := samGroup{rid: rid, sid: s.sid(domain, rid), name: name, global: layout == samGlobal}
		r, err := k.record("C", layout)
		var own, members []byte
		if err == nil {
			own, err = r.part(1)
		}
		if err == nil {
			members, err = r.part(3)
		}
		if s.text += len(own) + len(members); s.text > mostSAM {
			return errMuchSAM
		}
		if err == nil {
			g.members, err = s.members(members, r.number(3), layout, domain)
		}
		if g.why = err; err == nil {
			g.name = samText(own)
		}
		s.groups = append(s.groups, g)
		return nil
	}
}

// members reads so many members: of a local group SIDs, and of a global one
// RIDs of the machine. There may be room for more behind them.
func (s *sam) members(raw []byte, count uint32, layout samLayout, domain string) (list []string, err error) {
	for range count {
		n, sid := 4, ""
		if layout == samLocal {
			sid, n = readSID(raw)
		} else if len(raw) >= 4 {
			sid = s.sid(domain, le.Uint32(raw))
		}
		if sid == "" {
			return nil, errors.New("the members of the group are damaged, or the SID of the machine is not known")
		}
		list, raw = append(list, sid), raw[n:]
	}
	return list, nil
}

func (s *sam) sid(domain string, rid uint32) string {
	if domain == "" {
		return ""
	}
	return domain + "-" + strconv.FormatUint(uint64(rid), 10)
}

// A samLayout says where a record has its table of parts. The parts follow the
// table.
type samLayout struct{ table, parts int }

var (
	samDomain  = samLayout{0, 4}
	samAccount = samLayout{0, 17}
	samLocal   = samLayout{4, 4}
	samGlobal  = samLayout{0x14, 4}
)

// A samRecord is data in which a table says where each part of it lies: by its
// offset from the table's end, its length, and a number more.
type samRecord struct {
	data  []byte
	table int
	base  int
	where string
}

func (k keyValues) record(name string, l samLayout) (samRecord, error) {
	r := samRecord{table: l.table, base: l.table + 12*l.parts, where: k.Path() + `\` + name}
	var err error
	if _, r.data, _, err = k.raw(name); err == nil && len(r.data) < r.base {
		err = fmt.Errorf("registry value %s: %d bytes are too few", r.where, len(r.data))
	}
	return r, err
}

func (r *samRecord) part(n int) ([]byte, error) {
	entry := r.data[r.table+12*n:]
	from, size := uint64(le.Uint32(entry)), uint64(le.Uint32(entry[4:]))
	body := r.data[r.base:]
	if from+size > uint64(len(body)) {
		return nil, fmt.Errorf("registry value %s: part %d lies outside", r.where, n)
	}
	return body[from : from+size], nil
}

// number is the further number of a part.
func (r *samRecord) number(n int) uint32 { return le.Uint32(r.data[r.table+12*n+8:]) }

func samText(utf16 []byte) string {
	s, _, _ := strings.Cut(regf.DecodeText(utf16), "\x00")
	return s
}
