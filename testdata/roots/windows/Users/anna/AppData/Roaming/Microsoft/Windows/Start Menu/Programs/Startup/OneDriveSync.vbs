' harmless: a test text in the shape of a start-up script
' would run C:\Users\anna\AppData\Roaming\Microsoft\svchost32.exe
