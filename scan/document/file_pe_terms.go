package document

import (
	"iocscan/ioc"
	"iocscan/ioc/match"
	"iocscan/scan/internal/pe"
)

// A programTerm is a term below PEInfo, which several documents have, and how
// a program answers it.
type programTerm struct {
	match.Field
	get func(*pe.File, func(ioc.Value) bool) error
}

const (
	sectionElement  = "Sections/Section"
	moduleElement   = "ImportedModules/Module"
	versionElement  = "VersionInfoList/VersionInfoItem"
	resourceElement = "ResourceInfoList/ResourceInfoItem"
)

// versionNames are the lines of a version resource that the vocabulary has.
var versionNames = [...]string{
	"Comments", "CompanyName", "FileDescription", "FileVersion", "InternalName", "LegalCopyright", "LegalTrademarks",
	"OriginalFilename", "PrivateBuild", "ProductName", "ProductVersion", "SpecialBuild",
}

// programTerms are the terms that a file answers by itself. Not among them:
// EpJumpCodes, DetectedEntryPointSignature and DetectedSignatureKeys, which
// need the signatures of a tool that is not published, and Description and
// CertificateChain, the words of a check that needs the system's trust.
func programTerms() []programTerm {
	one := func(term string, kind ioc.Kind, get func(*pe.File, func(ioc.Value) bool) error) programTerm {
		return programTerm{match.Field{Term: term, Kind: kind}, get}
	}
	many := func(term, element string, kind ioc.Kind, get func(*pe.File, func(ioc.Value) bool) error) programTerm {
		return programTerm{match.Field{Term: term, Kind: kind, Multi: true, Element: element}, get}
	}
	subsystem := one("Subsystem", ioc.Text, subsystem)
	subsystem.Same = sameSubsystem
	terms := []programTerm{
		one("Type", ioc.Text, programType),
		subsystem,
		one("BaseAddress", ioc.Int, header(func(p *pe.File) ioc.Value { return ioc.IntValue(p.Base) })),
		one("PETimeStamp", ioc.Time, linkTime),
		one("PEChecksum/PEFileRaw", ioc.Int, header(storedChecksum)),
		one("PEChecksum/PEFileAPI", ioc.Int, header(storedChecksum)),
		one("PEChecksum/PEComputedAPI", ioc.Int, computedChecksum),
		one("ExtraneousBytes", ioc.Text, overlay),
		many("DetectedAnomalies/string", "", ioc.Text, anomalies),

		one("Sections/NumberOfSections", ioc.Int, claimedSections),
		one("Sections/ActualNumberOfSections", ioc.Int, actualSections),
		many(sectionElement+"/Name", sectionElement, ioc.Text, sections(func(s *pe.Section) ioc.Value { return ioc.TextValue(s.Name()) })),
		many(sectionElement+"/Type", sectionElement, ioc.Text, sections(func(s *pe.Section) ioc.Value { return ioc.TextValue(s.Type()) })),
		many(sectionElement+"/SizeInBytes", sectionElement, ioc.Int, sections(func(s *pe.Section) ioc.Value { return ioc.IntValue(uint64(s.RawSize)) })),
		many(sectionElement+"/DetectedCharacteristics", sectionElement, ioc.Text, sectionWords),
		many(sectionElement+"/Entropy/AverageValue", sectionElement, ioc.Float, sectionEntropy),
		// Deprecated: a curve is not what writers of indicators put there, but
		// the mean.
		many(sectionElement+"/Entropy/CurveData/float", sectionElement, ioc.Float, sectionEntropy),

		many(moduleElement+"/Name", moduleElement, ioc.Text, modules(func(m *pe.Module) ioc.Value { return ioc.TextValue(m.Name) })),
		many(moduleElement+"/NumberOfFunctions", moduleElement, ioc.Int, modules(func(m *pe.Module) ioc.Value { return ioc.IntValue(uint64(len(m.Functions))) })),
		many(moduleElement+"/ImportedFunctions/string", moduleElement, ioc.Text, importedFunctions),

		one("Exports/DllName", ioc.Text, exportName),
		many("Exports/ExportedFunctions/string", "", ioc.Text, exportedFunctions),
		one("Exports/ExportsTimeStamp", ioc.Time, exported(func(e *pe.Exports) ioc.Value { return unixTime(e.Time) })),
		one("Exports/NumberOfFunctions", ioc.Int, exported(func(e *pe.Exports) ioc.Value { return ioc.IntValue(uint64(e.NumberOfFunctions)) })),
		one("Exports/NumberOfNames", ioc.Int, exported(func(e *pe.Exports) ioc.Value { return ioc.IntValue(uint64(e.NumberOfNames)) })),

		many(versionElement+"/Language", versionElement, ioc.Text, versionLanguage),

		many(resourceElement+"/Name", resourceElement, ioc.Text, resources(func(r *pe.Resource) ioc.Value { return ioc.TextValue(r.Name.String()) })),
		many(resourceElement+"/Type", resourceElement, ioc.Text, resources(func(r *pe.Resource) ioc.Value { return ioc.TextValue(r.TypeWord()) })),
		many(resourceElement+"/Language", resourceElement, ioc.Text, resourceLanguage),
		many(resourceElement+"/Size", resourceElement, ioc.Int, resources(func(r *pe.Resource) ioc.Value { return ioc.IntValue(uint64(r.Size)) })),
		many(resourceElement+"/Data", resourceElement, ioc.Text, resourceData),

		one("DigitalSignature/SignatureExists", ioc.Bool, signatureExists),
		one("DigitalSignature/SignatureVerified", ioc.Bool, signatureVerified),
		many("DigitalSignature/CertificateSubject", "", ioc.Text, signers(func(s *pe.Signature) pe.Name { return s.Subject })),
		many("DigitalSignature/CertificateIssuer", "", ioc.Text, signers(func(s *pe.Signature) pe.Name { return s.Issuer })),
	}
	for _, name := range versionNames {
		terms = append(terms, many(versionElement+"/"+name, versionElement, ioc.Text, versionString(name)))
	}
	return terms
}
