package main

import (
	"context"
	"fmt"

	"iocscan/scan/source"
)

// openImage opens the disk image, or the archive that was given as one. The
// disk is nil for an archive.
func openImage(ctx context.Context, opt *scanOptions) (source.Source, *source.DiskImage, error) {
	archive, err := source.IsArchive(opt.image)
	if err != nil {
		return nil, nil, err
	}
	if !archive {
		return source.OpenImage(opt.image, source.ImageOptions{
			Platform: opt.platform, Volumes: opt.volumes, Letter: opt.letter, Deleted: opt.deleted,
		})
	}
	for option, given := range map[string]bool{
		"--volume": len(opt.volumes) > 0, "--drive-letter": opt.letter != "", "--hash-image": opt.hashImage, "--deleted": opt.deleted,
	} {
		if given {
			return nil, nil, fmt.Errorf("%s goes with a disk image: %s is an archive of files", option, opt.image)
		}
	}
	src, _, err := source.OpenArchive(ctx, opt.image, source.ArchiveOptions{Platform: opt.platform})
	return src, nil, err
}
