package source

// rootFS is the FS of a volume of a root. A Windows volume mounted here has no
// owners that this system could tell.
func rootFS(t *hostTree) FS {
	if t.platform == Windows {
		return t
	}
	return withOwners(t)
}
