/** The subject and the text of a mail that the mailer of this app has made: one part, in base64. */
export function readMail(raw: string): { readonly subject: string; readonly text: string } {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const headers = head.replaceAll(/\r\n[ \t]+/g, ' ')
  const subject = /^subject: (.*)$/im.exec(headers)?.[1] ?? ''
  const isEncoded = /^content-transfer-encoding: base64\s*$/im.test(headers)
  const body = rest.join('\r\n\r\n')
  return {
    subject: decodedWords(subject),
    text: isEncoded ? Buffer.from(body, 'base64').toString('utf8') : Buffer.from(body, 'latin1').toString('utf8'),
  }
}

/** RFC 2047: `=?UTF-8?Q?caf=C3=A9?=`. Neighbours are one text; a letter may be in two of them. */
function decodedWords(text: string): string {
  return text.replaceAll(/(?:=\?utf-8\?[qb]\?[^?]*\?=\s*)+/gi, (words) => {
    const parts = [...words.matchAll(/=\?utf-8\?([qb])\?([^?]*)\?=/gi)].map(([, kind, word]) =>
      kind!.toLowerCase() === 'b' ? Buffer.from(word!, 'base64') : fromQuoted(word!),
    )
    return Buffer.concat(parts).toString('utf8')
  })
}

function fromQuoted(word: string): Buffer {
  const text = word
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}
