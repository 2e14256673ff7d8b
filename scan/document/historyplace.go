package document

import "iocscan/scan/source"

// A browserFamily is browsers that keep things in the same files.
type browserFamily uint8

const (
	chromium browserFamily = iota
	gecko                  // Firefox and its kin
	safari
	wininet // Internet Explorer and the first Edge
)

// A browserPlace is a folder of a browser, below that of a user. Profiles are
// the folders in it, and with own it itself.
type browserPlace struct {
	browser string
	family  browserFamily
	own     bool
	folders map[source.Platform][]string
}

// homes are where users have their folders: those of which each folder is one,
// and single ones.
var homes = map[source.Platform]struct{ of, single []string }{
	source.Windows: {
		[]string{"/Users", "/Documents and Settings", "/Windows/ServiceProfiles"},
		[]string{"/Windows/System32/config/systemprofile", "/Windows/SysWOW64/config/systemprofile"},
	},
	source.Linux:  {[]string{"/home"}, []string{"/root"}},
	source.Darwin: {[]string{"/Users"}, []string{"/private/var/root"}},
}

// browserPlaces are where browsers keep their profiles. Before Windows Vista
// the folders AppData/Local and AppData/Roaming had other names. Snap and
// Flatpak keep a home of their own for each program.
var browserPlaces = []browserPlace{
	chromiumPlace("Chrome", "Google/Chrome", "Google/Chrome", "google-chrome", "com.google.Chrome"),
	chromiumPlace("Chrome Beta", "Google/Chrome Beta", "Google/Chrome Beta", "google-chrome-beta", ""),
	chromiumPlace("Chrome Dev", "Google/Chrome Dev", "Google/Chrome Dev", "google-chrome-unstable", ""),
	chromiumPlace("Chrome Canary", "Google/Chrome SxS", "Google/Chrome Canary", "google-chrome-canary", ""),
	chromiumPlace("Chromium", "Chromium", "Chromium", "chromium", "org.chromium.Chromium", "snap/chromium/common/chromium"),
	chromiumPlace("Edge", "Microsoft/Edge", "Microsoft Edge", "microsoft-edge", "com.microsoft.Edge"),
	chromiumPlace("Edge Beta", "Microsoft/Edge Beta", "Microsoft Edge Beta", "microsoft-edge-beta", ""),
	chromiumPlace("Edge Dev", "Microsoft/Edge Dev", "Microsoft Edge Dev", "microsoft-edge-dev", ""),
	chromiumPlace("Edge Canary", "Microsoft/Edge SxS", "Microsoft Edge Canary", "", ""),
	chromiumPlace("Brave", "BraveSoftware/Brave-Browser", "BraveSoftware/Brave-Browser", "BraveSoftware/Brave-Browser", "com.brave.Browser"),
	chromiumPlace("Brave Beta", "BraveSoftware/Brave-Browser-Beta", "BraveSoftware/Brave-Browser-Beta", "BraveSoftware/Brave-Browser-Beta", ""),
	chromiumPlace("Brave Nightly", "BraveSoftware/Brave-Browser-Nightly", "BraveSoftware/Brave-Browser-Nightly", "BraveSoftware/Brave-Browser-Nightly", ""),
	chromiumPlace("Vivaldi", "Vivaldi", "Vivaldi", "vivaldi", "com.vivaldi.Vivaldi"),
	chromiumPlace("Yandex", "Yandex/YandexBrowser", "Yandex/YandexBrowser", "yandex-browser", ""),
	chromiumPlace("Epic Privacy Browser", "Epic Privacy Browser", "HiddenReflex/Epic", "", ""),
	chromiumPlace("Comodo Dragon", "Comodo/Dragon", "", "", ""),
	chromiumPlace("Torch", "Torch", "", "", ""),
	chromiumPlace("Iridium", "Iridium", "Iridium", "iridium", ""),
	chromiumPlace("CocCoc", "CocCoc/Browser", "Coccoc", "", ""),
	chromiumPlace("360 Browser", "360Chrome/Chrome", "", "", ""),
	chromiumPlace("QQ Browser", "Tencent/QQBrowser", "", "", ""),
	chromiumPlace("Slimjet", "Slimjet", "", "slimjet", ""),
	chromiumPlace("Cent Browser", "CentBrowser", "", "", ""),
	chromiumPlace("Thorium", "Thorium", "Thorium", "thorium", ""),
	chromiumPlace("Arc", "Packages/TheBrowserCompany.Arc_ttt1ap7aakyb4/LocalCache/Local/Arc", "Arc/User Data", "", ""),
	operaPlace("Opera", "Opera Stable", "com.operasoftware.Opera", "opera"),
	operaPlace("Opera Beta", "Opera Next", "com.operasoftware.OperaNext", "opera-beta"),
	operaPlace("Opera Developer", "Opera Developer", "com.operasoftware.OperaDeveloper", "opera-developer"),
	operaPlace("Opera GX", "Opera GX Stable", "com.operasoftware.OperaGX", "opera-gx"),
	geckoPlace("Firefox", "Mozilla/Firefox", "Firefox", ".mozilla/firefox", ".config/mozilla/firefox", "snap/firefox/common/.mozilla/firefox", ".var/app/org.mozilla.firefox/.mozilla/firefox"),
	{"Firefox", gecko, false, map[source.Platform][]string{source.Windows: {"AppData/Local/Packages/Mozilla.Firefox_n80bbvh6b1yt2/LocalCache/Roaming/Mozilla/Firefox/Profiles"}}}, // of the Microsoft Store
	geckoPlace("Pale Moon", "Moonchild Productions/Pale Moon", "Pale Moon", ".moonchild productions/pale moon"),
	geckoPlace("Waterfox", "Waterfox", "Waterfox", ".waterfox", ".var/app/net.waterfox.waterfox/.waterfox"),
	geckoPlace("LibreWolf", "librewolf", "librewolf", ".librewolf", ".var/app/io.gitlab.librewolf-community/.librewolf"),
	geckoPlace("SeaMonkey", "Mozilla/SeaMonkey", "SeaMonkey", ".mozilla/seamonkey"),
	geckoPlace("Floorp", "Floorp", "Floorp", ".floorp", ".var/app/one.ablaze.floorp/.floorp"),
	geckoPlace("Zen", "zen", "zen", ".zen", ".var/app/app.zen_browser.zen/.zen"),
	geckoPlace("Basilisk", "Moonchild Productions/Basilisk", "Basilisk", ".moonchild productions/basilisk"),
	geckoPlace("IceCat", "Mozilla/icecat", "IceCat", ".mozilla/icecat"),
	geckoPlace("Cyberfox", "8pecxstudios/Cyberfox", "Cyberfox", ".8pecxstudios/cyberfox"),
	{"Safari", safari, true, map[source.Platform][]string{source.Darwin: {"Library/Safari", "Library/Containers/com.apple.Safari/Data/Library/Safari"}}},
	{"Safari", safari, true, map[source.Platform][]string{source.Darwin: {"Library/Cookies", "Library/Containers/com.apple.Safari/Data/Library/Cookies"}}},
	{"Internet Explorer", wininet, true, map[source.Platform][]string{source.Windows: wininetFolders}},
}

// wininetFolders: the database that Internet Explorer shares with the first Edge
// since Windows 8, and before it the lists of the history, the cache and the
// cookies, each for all and for pages of low integrity. Before Windows Vista
// they had other places. Lists of days and weeks are in folders below that of
// the history.
var wininetFolders = []string{
	"AppData/Local/Microsoft/Windows/WebCache", "Local Settings/Application Data/Microsoft/Windows/WebCache",
	"AppData/Local/Microsoft/Windows/History/History.IE5", "AppData/Local/Microsoft/Windows/History/Low/History.IE5", "Local Settings/History/History.IE5",
	"AppData/Local/Microsoft/Windows/Temporary Internet Files/Content.IE5", "AppData/Local/Microsoft/Windows/Temporary Internet Files/Low/Content.IE5",
	"Local Settings/Temporary Internet Files/Content.IE5",
	"AppData/Roaming/Microsoft/Windows/Cookies", "AppData/Roaming/Microsoft/Windows/Cookies/Low", "Cookies",
	"AppData/Roaming/Microsoft/Windows/IEDownloadHistory",
}

// chromiumPlace is a browser by the names of its folder, empty where it does
// not exist: on Windows, on macOS, on Linux, as a Flatpak and otherwise.
func chromiumPlace(browser, windows, mac, linux, flatpak string, others ...string) browserPlace {
	p := browserPlace{browser, chromium, true, map[source.Platform][]string{source.Linux: others}}
	if windows != "" {
		p.folders[source.Windows] = []string{"AppData/Local/" + windows + "/User Data", "Local Settings/Application Data/" + windows + "/User Data"}
	}
	if mac != "" {
		p.folders[source.Darwin] = []string{"Library/Application Support/" + mac}
	}
	if linux != "" {
		p.folders[source.Linux] = append(p.folders[source.Linux], ".config/"+linux)
	}
	if linux != "" && flatpak != "" {
		p.folders[source.Linux] = append(p.folders[source.Linux], ".var/app/"+flatpak+"/config/"+linux)
	}
	return p
}

// operaPlace: Opera's folder is a profile itself; later versions have more of
// them in it.
func operaPlace(browser, windows, mac, linux string) browserPlace {
	return browserPlace{browser, chromium, true, map[source.Platform][]string{
		source.Windows: {"AppData/Roaming/Opera Software/" + windows, "Application Data/Opera Software/" + windows},
		source.Darwin:  {"Library/Application Support/" + mac},
		source.Linux:   {".config/" + linux, "snap/opera/common/.config/" + linux, ".var/app/com.opera.Opera/config/" + linux},
	}}
}

// geckoPlace: on Windows and macOS profiles are in a folder of theirs, beside
// the list of them that is also read.
func geckoPlace(browser, windows, mac string, linux ...string) browserPlace {
	return browserPlace{browser, gecko, false, map[source.Platform][]string{
		source.Windows: {"AppData/Roaming/" + windows + "/Profiles", "Application Data/" + windows + "/Profiles"},
		source.Darwin:  {"Library/Application Support/" + mac + "/Profiles"},
		source.Linux:   linux,
	}}
}
