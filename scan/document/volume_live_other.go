//go:build !windows

package document

import "errors"

func deviceNames() map[string]string { return nil }

func listLiveVolumes() ([]liveVolume, error) { return nil, errors.New("this is not a running Windows") }
