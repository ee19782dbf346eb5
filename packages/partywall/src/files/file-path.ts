/**
 * What a path of a file may be. One rule for all stores, so that a path which is taken on one machine is taken on every other: what Windows reads otherwise is refused on Linux,
 * too. A path names a file below the folder of its owner, whatever reads it later: a file system, a URL that is decoded twice, or text that is normalized.
 */
import { TenancyError } from '../errors.ts'

/**
 * The path in its normal form (NFC), so that one name has one file.
 * @throws TenancyError INVALID_ARGUMENT, which says what is wrong, and not what the path is
 */
export function filePath(what: string, path: unknown): string {
  const problem = pathProblem(path)
  if (problem === undefined) return (path as string).normalize('NFC')
  throw new TenancyError('INVALID_ARGUMENT', `${what} takes the path of a file, such as invoices/2026-01.pdf. ${problem}`, {
    details: { what, option: 'path' },
  })
}

/** Why it is no path of a file, in a sentence. Undefined where it is one. */
export function pathProblem(path: unknown): string | undefined {
  if (typeof path !== 'string') return `It got a ${typeof path}.`
  if (path === '') return 'It got an empty text.'
  if (path.length > mostBytes) return tooLong
  if (!path.isWellFormed()) return 'It holds half of a character.'
  if (Buffer.byteLength(path.normalize('NFC')) > mostBytes) return tooLong
  return problemOfText(path) ?? problemWhenDecoded(path)
}

/** Room for the folder of the owner in the 1024 bytes of a key of S3. */
const mostBytes = 900
/** Of most file systems. */
const mostBytesOfName = 255
const tooLong = `It is longer than ${mostBytes} bytes.`

function problemOfText(path: string): string | undefined {
  if (path.startsWith('/')) return 'It begins with a slash: a path is relative to the folder of the tenant.'
  if (path.includes('\\')) return 'It holds a backslash, which is a slash on Windows.'
  if (/[\p{Cc}\u2028\u2029]/u.test(path)) return 'It holds a control character.'
  if (/[<>:"|?*]/.test(path)) return 'It holds one of < > : " | ? *, which mean something else in some stores.'
  // They let a name look like another one.
  if (/[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/.test(path))
    return 'It holds a character that changes the direction of text.'
  for (const name of path.normalize('NFC').split('/')) {
    const problem = problemOfName(name)
    if (problem !== undefined) return problem
  }
  // A full-width slash or dot becomes a plain one where text is normalized for compatibility.
  const plain = path.normalize('NFKC')
  if (plain !== path && (plain.split('/').length !== path.split('/').length || plain.includes('\\') || hasDots(plain)))
    return 'It holds a character that some programs read as a slash or a dot.'
  return undefined
}

function problemOfName(name: string): string | undefined {
  if (name === '') return 'It has an empty part: two slashes, or one at its end.'
  if (name === '.' || name === '..') return 'It has the part . or .., which leads elsewhere.'
  if (Buffer.byteLength(name) > mostBytesOfName) return `A part of it is longer than ${mostBytesOfName} bytes.`
  if (/[. ]$/.test(name)) return 'A part of it ends with a dot or a space, which Windows leaves out.'
  if (/^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i.test(name.trimEnd()))
    return 'A part of it is the name of a device on Windows.'
  return undefined
}

/** A path that means another one when a program decodes it once more. A percent sign that begins no code is harmless. */
function problemWhenDecoded(path: string): string | undefined {
  let text = path
  for (let times = 0; times < 5; times++) {
    // Control characters, slash, backslash; and the beginnings of a longer form of them, which is no valid UTF-8.
    if (/%(?:[01][0-9a-f]|2f|5c|7f|c[01])/i.test(text)) return 'It holds an encoded slash or control character.'
    const next = text.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    if (next === text) return undefined
    if (hasDots(next)) return 'It holds encoded dots, which lead elsewhere.'
    text = next
  }
  return 'It is encoded many times.'
}

function hasDots(path: string): boolean {
  return path.split('/').some((name) => name === '' || name === '.' || name === '..')
}

/**
 * A name for a file from text that a user chose: the last part of it, without what `put` refuses. It may be another user's name, too: put it below an id of your own.
 * @example await files.put(`invoices/${id}/${fileName(upload.name)}`, upload.stream)
 */
export function fileName(text: string, otherwise = 'file'): string {
  const last = text.toWellFormed().normalize('NFKC').split(/[/\\]/).at(-1)!
  const plain = last
    .replaceAll(/%(?=[0-9a-f]{2})/gi, '_')
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029<>:"|?*]/gu, '_')
    .trim()
  let name = shortened(plain)
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '')
  if (problemOfName(name) !== undefined) name = `_${name}`
  return name === '_' || pathProblem(name) !== undefined ? otherwise : name
}

/** Keeps the extension. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= 200) return name
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? ''
  let kept = name.slice(0, name.length - extension.length)
  while (Buffer.byteLength(kept) > 190) kept = [...kept].slice(0, -1).join('')
  return kept + extension
}
