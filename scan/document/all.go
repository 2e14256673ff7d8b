package document

// All returns the documents in the order in which they are read: the most
// volatile first (RFC 3227), the disk last.
func All() []Document {
	return []Document{
		&arps,
		&routes,
		&processes,
		&ports,
		&kernelModules,
		&names,
		&registry,
		&hiveList,
		&events,
		&processEvents,
		&imageEvents,
		&fileEvents,
		&keyEvents,
		&lookupEvents,
		&connectionEvents,
		&urlEvents,
		&visits,
		&downloads,
		&cookies,
		&forms,
		&wire,
		&tasks,
		&prefetches,
		&system,
		&volumes,
		&disks,
		&services,
		&drivers,
		&persisted,
		&logins,
		&users,
		&groups,
		&files,
	}
}
