package source

// OpenArtifacts is a source that offers nothing but loose files of the given
// kinds, such as event logs: they are handed to the documents beside it. All
// such files are of Windows, so that nothing of Windows is called absent.
func OpenArtifacts(name string, offers ...Capability) Source {
	return &machine{kind: "artifacts", name: name, platform: Windows, has: offers}
}
