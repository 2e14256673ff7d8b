package document

import (
	"io/fs"
	"testing"

	"iocscan/scan/source"
)

func TestProgramsOfTasks(t *testing.T) {
	actions := `<Exec><Command>%windir%\a.exe</Command></Exec><ComHandler><ClassId>{1}</ClassId></ComHandler>` +
		`<Exec><Command>"C:\b c.exe"</Command><Arguments>x</Arguments></Exec><Exec><Command>C:\gone.exe</Command></Exec>`
	m := source.NewMem(source.Windows).
		Add(`C:\Windows\System32\Tasks\Two`, `<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions>`+actions+`</Actions></Task>`).
		Add(`C:\Windows\System32\Tasks\Locked`, `<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Actions><Exec><Command>C:\locked.exe</Command></Exec></Actions></Task>`).
		Add(`C:\Windows\System32\Tasks\Broken`, `<Task`).
		Add(`C:\Windows\a.exe`, "a").Add(`C:\b c.exe`, string(tinyProgram().Bytes())).
		Put(`C:\locked.exe`, source.MemNode{OpenErr: fs.ErrPermission})
	got := tellWindows(t, &tasks, m, nil, "ActionList/Action/ExecProgramMd5sum", "ActionList/Action/DigitalSignature/SignatureExists")
	got.says(t, `
		C:\Windows\System32\Tasks\Broken
		  ActionList/Action/ExecProgramMd5sum = !
		  ActionList/Action/DigitalSignature/SignatureExists = !
		C:\Windows\System32\Tasks\Locked
		  ActionList/Action/ExecProgramMd5sum = !
		  ActionList/Action/DigitalSignature/SignatureExists = !
		C:\Windows\System32\Tasks\Two
		  ActionList/Action/ExecProgramMd5sum = `+md5Of("a")+` | `+md5Of(string(tinyProgram().Bytes()))+`
		  ActionList/Action/DigitalSignature/SignatureExists = false
		`)
	got.tells(t, `Tasks\Broken: `, `C:\locked.exe: `)

	linux := source.NewMem(source.Linux).Add("/etc/crontab", "* * * * * root /bin/a\n").Add("/bin/a", "a")
	got = tellWindows(t, &tasks, linux, nil, "ActionList/Action/ExecProgramMd5sum")
	got.says(t, `
		/etc/crontab: * * * * * /bin/a
		  ActionList/Action/ExecProgramMd5sum = ?
		`)
}
