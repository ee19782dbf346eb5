/** The table of errors and the page about them say the same codes with the same statuses, in the same order. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { errorCodes } from '../../src/errors.ts'

const page = await readFile(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')
const beats = ['What happened', 'Why we refuse', 'How to mend']

test('every code has its section, and every section its code', () => {
  expect(sectionsOf(page).map(({ code }) => code)).toEqual(Object.keys(errorCodes))
})

test.each(Object.entries(errorCodes))('%s: its meaning, its status, and the three beats', (code, { meaning, http }) => {
  const text = sectionsOf(page).find((section) => section.code === code)?.text ?? ''
  expect(text).toContain(`${meaning} HTTP ${http}.`)
  for (const beat of beats) expect(text).toMatch(new RegExp(`^- \\*\\*${beat}:\\*\\* \\S.{20,}`, 'm'))
})

test('the check finds what is missing', () => {
  expect(sectionsOf('## A_CODE\n\ntext\n\n## Other\n\n## B\n')).toEqual([
    { code: 'A_CODE', text: '\n\ntext\n\n' },
    { code: 'B', text: '\n' },
  ])
})

function sectionsOf(markdown: string): { code: string; text: string }[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const code = /^[A-Z_]+$/m.exec(section.split('\n', 1)[0]!)?.[0]
      return code === undefined ? [] : [{ code, text: section.slice(code.length) }]
    })
}
