import { posix, win32 } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileName, filePath, pathProblem } from './file-path.ts'

/** Parts of which paths that lead elsewhere are made. */
const pieces = fc.constantFrom(
  '..',
  '.',
  '/',
  '\\',
  '%2e',
  '%2f',
  '%5c',
  '%25',
  '\0',
  'C:',
  'a',
  'con',
  ' ',
  '\uff0e',
  '\uff0f',
  '\u2025',
  'é',
  ':',
  '?',
  '~1',
)
const anyPath = fc.oneof(
  fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
)

test('a path that is taken stays below its folder, however it is read', () => {
  fc.assert(
    fc.property(anyPath, (path) => {
      if (pathProblem(path) !== undefined) return
      const forms = [
        path,
        path.normalize('NFC'),
        path.normalize('NFD'),
        path.normalize('NFKC'),
        decoded(path),
        decoded(decoded(path)),
      ]
      for (const form of forms) {
        expect(posix.resolve('/root/tenants/a', form).startsWith('/root/tenants/a/')).toBe(true)
        expect(win32.resolve('C:\\root\\tenants\\a', form).startsWith('C:\\root\\tenants\\a\\')).toBe(true)
        expect(form.split('/').length).toBe(path.split('/').length)
      }
      expect(filePath('test', path)).toBe(path.normalize('NFC'))
      expect(pathProblem(filePath('test', path))).toBeUndefined()
    }),
    { numRuns: 3000 },
  )
})

test('a name that is made of any text is a path of one part', () => {
  fc.assert(
    fc.property(anyPath, (text) => {
      const name = fileName(text)
      expect(pathProblem(name)).toBeUndefined()
      expect(name).not.toContain('/')
      expect(name.startsWith('.')).toBe(false)
      expect(fileName(name)).toBe(name)
    }),
    { numRuns: 3000 },
  )
})

test.each([
  ['../../Invoice: May?.pdf', 'Invoice_ May_.pdf'],
  [String.raw`C:\Users\ada\Résumé.docx`, 'Résumé.docx'],
  ['.htaccess', 'htaccess'],
  ['con.txt', '_con.txt'],
  ['', 'file'],
  ['...', 'file'],
  ['%2e%2e%2fx', '_2e_2e_2fx'],
  ['invoice\u202efdp.exe', 'invoice_fdp.exe'],
  [`${'x'.repeat(300)}.pdf`, `${'x'.repeat(190)}.pdf`],
])('the name of %j is %j', (text, name) => {
  expect(fileName(text)).toBe(name)
})

test.each([
  ['x'.repeat(255), true],
  ['x'.repeat(256), false],
  ['é'.repeat(127), true],
  ['é'.repeat(128), false],
  [`${'a/'.repeat(449)}ab`, true],
  [`${'a/'.repeat(450)}ab`, false],
])('a path is as long as file systems and S3 take it', (path, isTaken) => {
  expect(pathProblem(path) === undefined).toBe(isTaken)
})

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
