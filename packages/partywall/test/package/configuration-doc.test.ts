/** The page of the configuration names every option with its default, and no other. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { resolveOptions } from '../../src/config/options.ts'

const page = await readFile(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `([\w.]+)` \| (.+?) \|/gm)].map(([, option, shown]) => [option!, shown!] as const)

test('every option has its row, and every row its option', () => {
  expect(rows.map(([option]) => option).toSorted()).toEqual(Object.keys(defaultsOfNow()).toSorted())
})

test.each(Object.entries(defaultsOfNow()))('%s is shown with its default %j', (option, value) => {
  const shown = new Map(rows).get(option)
  expect(shown).toBe(value === undefined ? 'none' : `\`${literal(value)}\``)
})

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
}

/** As a config spells them: nested keys with a dot, folders relative to the root. */
function defaultsOfNow(): Record<string, unknown> {
  const { attributes, migrations, pool, root, ...options } = resolveOptions({ root: '/' })
  const nested = {
    pool,
    migrations: mapValues(migrations, (folder) => String(folder).slice(root.length)),
    tenant: { attributes },
  }
  const flat = Object.entries(nested).flatMap(([prefix, part]) =>
    Object.entries(part).map(([key, value]) => [`${prefix}.${key}`, value]),
  )
  return { ...options, ...Object.fromEntries(flat), root: undefined }
}

function mapValues<T>(object: Record<string, T>, fn: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, fn(value)]))
}
