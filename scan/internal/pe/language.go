package pe

import "strings"

// Language is the name of a Windows language identifier as the system gives
// it; ok is false for one that is not in the table.
func Language(id uint16) (name string, ok bool) {
	for line := range strings.Lines(languages) {
		code, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if code == hex4(id) {
			return name, true
		}
	}
	return "", false
}

func hex4(n uint16) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[n>>12], digits[n>>8&15], digits[n>>4&15], digits[n&15]})
}

// languages are the identifiers of [MS-LCID] with the names of Windows.
const languages = `0000 Language Neutral
0400 Process Default Language
0401 Arabic (Saudi Arabia)
0402 Bulgarian (Bulgaria)
0403 Catalan (Catalan)
0404 Chinese (Traditional, Taiwan)
0405 Czech (Czech Republic)
0406 Danish (Denmark)
0407 German (Germany)
0408 Greek (Greece)
0409 English (United States)
040a Spanish (Spain, Traditional Sort)
040b Finnish (Finland)
040c French (France)
040d Hebrew (Israel)
040e Hungarian (Hungary)
040f Icelandic (Iceland)
0410 Italian (Italy)
0411 Japanese (Japan)
0412 Korean (Korea)
0413 Dutch (Netherlands)
0414 Norwegian (Bokmål, Norway)
0415 Polish (Poland)
0416 Portuguese (Brazil)
0417 Romansh (Switzerland)
0418 Romanian (Romania)
0419 Russian (Russia)
041a Croatian (Croatia)
041b Slovak (Slovakia)
041c Albanian (Albania)
041d Swedish (Sweden)
041e Thai (Thailand)
041f Turkish (Turkey)
0420 Urdu (Islamic Republic of Pakistan)
0421 Indonesian (Indonesia)
0422 Ukrainian (Ukraine)
0423 Belarusian (Belarus)
0424 Slovenian (Slovenia)
0425 Estonian (Estonia)
0426 Latvian (Latvia)
0427 Lithuanian (Lithuania)
0429 Persian (Iran)
042a Vietnamese (Vietnam)
042b Armenian (Armenia)
042c Azeri (Latin, Azerbaijan)
042d Basque (Basque)
042f Macedonian (Former Yugoslav Republic of Macedonia)
0436 Afrikaans (South Africa)
0437 Georgian (Georgia)
0439 Hindi (India)
043e Malay (Malaysia)
043f Kazakh (Kazakhstan)
0440 Kyrgyz (Kyrgyzstan)
0443 Uzbek (Latin, Uzbekistan)
0444 Tatar (Russia)
0449 Tamil (India)
0450 Mongolian (Cyrillic, Mongolia)
0456 Galician (Galician)
0800 System Default Language
0801 Arabic (Iraq)
0804 Chinese (Simplified, PRC)
0807 German (Switzerland)
0809 English (United Kingdom)
080a Spanish (Mexico)
080c French (Belgium)
0810 Italian (Switzerland)
0813 Dutch (Belgium)
0814 Norwegian (Nynorsk, Norway)
0816 Portuguese (Portugal)
081a Serbian (Latin, Serbia and Montenegro (Former))
081d Swedish (Finland)
0c01 Arabic (Egypt)
0c04 Chinese (Traditional, Hong Kong S.A.R.)
0c07 German (Austria)
0c09 English (Australia)
0c0a Spanish (Spain, International Sort)
0c0c French (Canada)
0c1a Serbian (Cyrillic, Serbia and Montenegro (Former))
1004 Chinese (Simplified, Singapore)
1009 English (Canada)
100c French (Switzerland)
1404 Chinese (Traditional, Macao S.A.R.)
1407 German (Liechtenstein)
1409 English (New Zealand)
140c French (Luxembourg)
1809 English (Ireland)
2c0a Spanish (Argentina)
`
