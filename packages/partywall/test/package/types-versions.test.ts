/**
 * `"moduleResolution": "node"` of TypeScript 5 does not read `exports`. It finds the types of the subpaths by `typesVersions`, so each
 * subpath stands there, too. That TypeScript does find them is checked by attw, in scripts/check-package.js.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './declarations.ts'

interface Manifest {
  readonly types: string
  readonly typesVersions: { readonly '*': Record<string, string[]> }
  readonly exports: Record<string, { readonly types: string } | string>
}

test('each subpath has the same types in exports and in typesVersions', async () => {
  const text = await readFile(join(root, 'packages/partywall/package.json'), 'utf8')
  const { types, typesVersions, exports } = JSON.parse(text) as Manifest
  const inExports = Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string' ? [] : [[path, target.types]],
  )
  const inVersions = Object.entries(typesVersions['*']).map(([path, [file, ...others]]) => {
    expect(others).toEqual([])
    return [`./${path}`, `./${file}`]
  })
  expect([['.', types], ...inVersions].toSorted()).toEqual(inExports.toSorted())
})
