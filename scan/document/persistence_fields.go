package document

import (
	"slices"
	"strconv"
	"strings"

	"iocscan/ioc"
	"iocscan/ioc/match"
)

const persistencePrefix = "PersistenceItem/"

// persistenceFields are the terms of PersistenceItem. Not among them, and so
// reported as not supported: what only macOS has, detectedAnomaly, RegContext,
// and what FileItem, ServiceItem and PEInfo do not answer either.
var persistenceFields = slices.Concat([]Field[persistence]{
	field(match.Field{Term: persistencePrefix + "PersistenceType", Kind: ioc.Text, Identity: true}, func(p *persistence, yield func(ioc.Value) bool) error {
		yield(ioc.TextValue(p.kind))
		return nil
	}),
	identifying(persistedValue("RegPath", "Path")),
	persistedValue("RegText", "Text"),
	persistedValue("RegValue", "Value"),
	persistedValue("RegOwner", "Username"),
	persistedValue("RegModified", "Modified"),
	identifying(persistedService("ServiceName", "name")),
	persistedService("ServicePath", "path"),
	field(match.Field{Term: persistencePrefix + "LinkFilePath", Kind: ioc.Path, Same: samePath}, func(p *persistence, yield func(ioc.Value) bool) error {
		if p.link != "" {
			yield(ioc.PathValue(p.link))
		}
		return nil
	}),
	field(match.Field{Term: persistencePrefix + "FilePath", Kind: ioc.Path, Same: samePath, Multi: true, Identity: true}, ofEach(persistedFile, (*program).paths)),
	field(match.Field{Term: persistencePrefix + "arguments", Kind: ioc.Text, Multi: true}, ofEach(persistedFile, (*program).arguments)),
	programField(persistencePrefix+"FileOwner", "Username", persistedFile),
	programField(persistencePrefix+"FileCreated", "Created", persistedFile),
	programField(persistencePrefix+"FileModified", "Modified", persistedFile),
	programField(persistencePrefix+"FileAccessed", "Accessed", persistedFile),
	programField(persistencePrefix+"FileChanged", "Changed", persistedFile),
	programField(persistencePrefix+"md5sum", "Md5sum", persistedFile),
	programField(persistencePrefix+"sha1sum", "Sha1sum", persistedFile),
	programField(persistencePrefix+"sha256sum", "Sha256sum", persistedFile),
}, signatureFields(persistencePrefix, persistedFile), persistedFiles(), persistedValues(), persistedServices())

func persistedFile(p *persistence) ([]*program, error) {
	if p.lost != nil || p.program == nil {
		return nil, p.lost
	}
	return []*program{p.program}, nil
}

func identifying[T any](f Field[T]) Field[T] { f.Identity = true; return f }

// persistedFiles are the terms of FileItem on the file.
func persistedFiles() (out []Field[persistence]) {
	notHere := []string{"Md54ksum", "Sha512sum", "StringList/string", "Permissions", "Group", "GroupID",
		"PEInfo/ResourceInfoList/ResourceInfoItem/Data", "PEInfo/ResourceInfoList/ResourceInfoItem/Name", "PEInfo/Sections/Section/Entropy/CurveData/float"}
	for _, f := range fileFields {
		as := strings.TrimPrefix(f.Term, "FileItem/")
		if slices.Contains(notHere, as) {
			continue
		}
		here := programField(persistencePrefix+f.Term, as, persistedFile)
		if as == "PEInfo/ExtraneousBytes" { // a number here
			here.Kind, here.get = ioc.Int, asNumber(here.get)
		}
		out = append(out, here)
	}
	return out
}

// asNumber turns the texts of a term into the numbers that they are.
func asNumber[T any](get func(*T, func(ioc.Value) bool) error) func(*T, func(ioc.Value) bool) error {
	return func(row *T, yield func(ioc.Value) bool) error {
		return get(row, func(v ioc.Value) bool {
			n, err := strconv.ParseUint(v.Str, 10, 64)
			return err != nil || yield(ioc.IntValue(n))
		})
	}
}

// persistedValue is a term that the value of the registry answers as
// RegistryItem answers another.
func persistedValue(term, as string) Field[persistence] {
	n := slices.IndexFunc(registryFields, func(f Field[regValue]) bool { return f.Term == "RegistryItem/"+as })
	of := registryFields[n]
	f := of.Field
	f.Term, f.Identity = persistencePrefix+term, false
	return field(f, func(p *persistence, yield func(ioc.Value) bool) error {
		if p.value == nil {
			return nil
		}
		err := of.get(p.value, yield)
		if err == nil && of.Kind == ioc.Path && len(p.value.item.doubts) > 0 {
			err = errPlace
		}
		return err
	})
}

func persistedValues() (out []Field[persistence]) {
	for _, f := range registryFields {
		as := strings.TrimPrefix(f.Term, "RegistryItem/")
		if !strings.HasPrefix(as, "ShimCache/") {
			out = append(out, persistedValue(f.Term, as))
		}
	}
	return out
}

// persistedService is a term that the service answers as ServiceItem answers
// another.
func persistedService(term, as string) Field[persistence] {
	n := slices.IndexFunc(serviceFields, func(f Field[service]) bool { return f.Term == "ServiceItem/"+as })
	of := serviceFields[n]
	f := of.Field
	f.Term, f.Identity = persistencePrefix+term, false
	return field(f, func(p *persistence, yield func(ioc.Value) bool) error {
		if p.service == nil {
			return nil
		}
		return of.get(p.service, yield)
	})
}

// persistedServices are the terms of ServiceItem, those that the vocabulary has
// here, and some of them once more without its name.
func persistedServices() (out []Field[persistence]) {
	notHere := []string{"cmdLine", "userName", "groupName", "machServices/machService", "md5sum", "sha1sum", "sha256sum",
		"pathMd54ksum", "pathSha512sum", "serviceDLLMd54Ksum", "serviceDLLSha512Sum"}
	inside := []string{"name", "description", "type", "path", "arguments", "pid"}
	for _, f := range serviceFields {
		as := strings.TrimPrefix(f.Term, "ServiceItem/")
		if slices.Contains(notHere, as) {
			continue
		}
		out = append(out, persistedService(f.Term, as))
		if !slices.Contains(inside, as) {
			out = append(out, persistedService(as, as))
		}
	}
	return out
}
