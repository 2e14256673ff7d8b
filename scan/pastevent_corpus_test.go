package scan_test

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"iocscan/ioc"
)

// firing says which of the 88 published rules for real-time events fire on
// which of the 208 published logs of attacks: behind each rule its logs, with
// the records. Each was judged by hand against the text of the event, and what
// else has the process or library that a rule names was looked through: it is
// excluded by the rule, or the event does not say what the rule asks.
var firing = map[string][]string{
	"CONTROL PANEL ITEMS (METHODOLOGY)": {
		"rundll32_cmd_schtask 424081",
		"sysmon_1_11_rundll32_cpl_ostap 4861 4863",
	},
	"LOLBIN EXECUTION (METHODOLOGY)": {
		"de_portforward_netsh_rdp_sysmon_13_1 1026",
		"exec_persist_rundll32_mshta_scheduledtask_sysmon_1_3_11 4127",
		"exec_sysmon_1_11_lolbin_rundll32_openurl_FileProtocolHandler 16396",
		"exec_sysmon_1_7_jscript9_defense_evasion 18851",
		"exec_sysmon_1_lolbin_pcalua 16497",
		"exec_sysmon_lobin_regsvr32_sct 16792",
		"sysmon_1_11_rundll32_cpl_ostap 4861",
		"sysmon_mshta_sharpshooter_stageless_meterpreter 7648",
		"sysmon_zipexec 10920367 10920381",
		"LM_DCOM_MSHTA_LethalHTA_Sysmon_3_1 17589",
		"maldoc_mshta_via_shellbrowserwind_rundll32 556720",
		"sysmon_1_persist_bitsjob_SetNotifyCmdLine 17287",
		"Sysmon_13_1_UACBypass_SDCLTBypass 11123",
		"Sysmon_UACME_53 5699 5701 5702",
		"Sysmon_UACME_54 5766 5769",
		"sysmon_11_1_15_WScriptBypassUAC 11220 11229",
		"sysmon_1_13_11_cmstp_ini_uacbypass 16038",
		"sysmon_1_13_UACBypass_AppPath_Control 11265",
		"sysmon_1_7_11_mcx2prov_uacbypass 15876",
		"sysmon_1_7_11_migwiz 15971",
	},
	"NETSH EXECUTION (METHODOLOGY)": {
		"de_portforward_netsh_rdp_sysmon_13_1 1026",
	},
	"RUNDLL32 EXECUTION (METHODOLOGY)": {
		"rundll32_cmd_schtask 423994 424115 424175 424261",
		"sideloading_uacbypass_rundll32_injection_c2 417079",
		"sysmon_10_1_memdump_comsvcs_minidump 32154",
		"Sysmon_meterpreter_ReflectivePEInjection_to_notepad_ 8352",
		"exec_persist_rundll32_mshta_scheduledtask_sysmon_1_3_11 4126",
		"exec_sysmon_1_11_lolbin_rundll32_openurl_FileProtocolHandler 16388 16390 16391 16392 16395",
		"exec_sysmon_1_11_lolbin_rundll32_shdocvw_openurl 16438",
		"exec_sysmon_1_11_lolbin_rundll32_zipfldr_RouteTheCall 16443",
		"exec_sysmon_1_rundll32_pcwutl_LaunchApplication 16507",
		"sysmon_1_11_rundll32_cpl_ostap 4863 4864",
		"sysmon_lolbas_rundll32_zipfldr_routethecall_shell 10674",
		"LM_wmi_PoisonHandler_Mr-Un1k0d3r_sysmon_1_13 336 340",
		"maldoc_mshta_via_shellbrowserwind_rundll32 556863",
	},
	"SUSPICIOUS DLL LOAD (METHODOLOGY)": {
		"DE_timestomp_and_dll_sideloading_and_RunPersist 6588",
		"sideloading_uacbypass_rundll32_injection_c2 417069 417070 417072 417073 417077 417078",
		"apt10_jjs_sideloading_prochollowing_persist_as_service_sysmon_1_7_8_13 4858 4862",
		"sideloading_wwlib_sysmon_7_1_11 419623",
		"Sysmon_UACME_22 5446 5451",
		"sysmon_11_1_7_uacbypass_cliconfg 15712",
		"sysmon_1_7_11_mcx2prov_uacbypass 15882",
		"sysmon_1_7_11_migwiz 15975",
		"sysmon_1_7_elevate_uacbypass_sysprep 17728",
	},
	"COM CLSID registry activity (METHODOLOGY)": {
		"persist_firefox_comhijack_sysmon_11_13_7_1 372",
		"persist_turla_outlook_backdoor_comhijack 445 447 449",
	},
	"Possible Handler Poisoning (Methodology)": {
		"LM_wmi_PoisonHandler_Mr-Un1k0d3r_sysmon_1_13 344",
	},
}

// pastItems are how many events the logs have for each document, as counted
// from the records themselves.
var pastItems = map[string]uint64{
	"processEvent": 480, "imageLoadEvent": 580, "fileWriteEvent": 93, "regKeyEvent": 209, "ipv4NetworkEvent": 130, "urlMonitorEvent": 6,
}

func TestPublishedRules(t *testing.T) {
	const rules, logs = "../../shared/corpus/iocs/red_team_tool_countermeasures", "../../shared/corpus/evidence/evtx/EVTX-ATTACK-SAMPLES"
	if !exists(rules) || !exists(logs) {
		t.Skip("no shared corpus beside the repository")
	}
	coll, err := ioc.Load([]string{rules}, ioc.Options{MaxSize: 3 << 20})
	if err != nil {
		t.Fatal(err)
	}
	r := scanLogs(t, coll, logs)
	fired := map[string][]string{}
	for _, f := range r.IOCs {
		records := map[string][]string{}
		for _, m := range f.Matches {
			for _, o := range m.Objects {
				file, record, _ := strings.Cut(o.Label, ".evtx: ")
				log := path.Base(filepath.ToSlash(file))
				records[log] = append(records[log], record[strings.LastIndexByte(record, ' ')+1:])
			}
		}
		for log, list := range records {
			slices.Sort(list)
			fired[f.Name] = append(fired[f.Name], log+" "+strings.Join(list, " "))
		}
	}
	if r.Summary.IOCs != 88 || r.Summary.Matched != len(firing) || len(fired) != len(firing) {
		t.Errorf("%d rules, %d fired, want %d", r.Summary.IOCs, len(fired), len(firing))
	}
	for name, want := range firing {
		got := fired[name]
		slices.Sort(got)
		want = slices.Sorted(slices.Values(want))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, d := range r.Documents {
		if want, ok := pastItems[d.Name]; ok && d.Scanned != want {
			t.Errorf("%s: %d events, want %d", d.Name, d.Scanned, want)
		}
	}
	// What no logged event of a document tells is all that is left open.
	for _, f := range r.IOCs {
		for _, u := range f.Unchecked {
			doc := ioc.Document(u.Term)
			told := slices.ContainsFunc([]string{"does not tell it", "by its device", "not supported by this version"}, func(why string) bool {
				return strings.Contains(u.Reason, why)
			})
			if _, past := pastItems[doc]; past && doc != "urlMonitorEvent" && !told {
				t.Errorf("%s: %s %q: %s", f.Name, u.Term, u.Content, u.Reason)
			}
		}
	}
}
