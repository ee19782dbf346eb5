/** What scripts/check-package.js refuses to publish. It asks these functions about the package as npm packs it. */
import { expect, test } from 'vitest'

const file = new URL('../../../../scripts/package-contents.js', import.meta.url).href
const { contentProblems, mapProblems } = (await import(file)) as {
  contentProblems(packed: { files: { path: string }[]; size: number; unpackedSize: number }): string[]
  mapProblems(path: string, map: { sources: string[]; sourceRoot?: string }, paths: ReadonlySet<string>): string[]
}

const good = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'bin/partywall.js',
  'dist/index.js',
  'dist/index.js.map',
  'dist/index.d.ts',
  'dist/index.d.ts.map',
  'src/index.ts',
]

test('a package with the known folders and a usual size is allowed', () => {
  expect(problemsOf(good)).toEqual([])
})

test.each([
  'src/a.test.ts',
  'dist/a.sql',
  'docs/page.md',
  '.env',
  'src/.partywall/log',
  'bin/other.js',
  'dist/index.tsbuildinfo',
])('a package with %s is refused by that name', (path) => {
  expect(problemsOf([...good, path])).toEqual([expect.stringContaining(`holds ${path},`)])
})

test.each(good.filter((path) => !path.endsWith('.map')))('a package without %s is refused by that name', (path) => {
  expect(problemsOf(good.filter((other) => other !== path))).toEqual([`the package lacks ${path}`])
})

test('a package that has grown too large is refused with its size and the limit', () => {
  expect(problemsOf(good, 3_750_001)).toEqual([expect.stringMatching(/3750001 bytes packed, more than the 3750000/)])
  expect(problemsOf(good, 1, 15_300_001)).toEqual([expect.stringMatching(/15300001 bytes unpacked, more than the 15300000/)])
})

test('a map that leads to a file outside of the package is refused', () => {
  const paths = new Set(good)
  expect(mapProblems('dist/index.js.map', { sources: ['../src/index.ts'] }, paths)).toEqual([])
  expect(mapProblems('dist/a/b.js.map', { sources: ['b.ts'], sourceRoot: '../../src/a/' }, paths)).toEqual([
    'dist/a/b.js.map leads to src/a/b.ts, which the package does not hold',
  ])
})

function problemsOf(paths: readonly string[], size = 1, unpackedSize = 1): string[] {
  return contentProblems({ files: paths.map((path) => ({ path })), size, unpackedSize })
}
