/** The page of the configuration names every option with its default, and no other. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { resolveOptions } from '../../src/config/options.ts'

const page = await readFile(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `([\w.]+)` \| (.+?) \|/gm)].map(([, option, shown]) => [option!, shown!] as const)

test('every option has its row, and every row its option', () => {
  expect(rows.map(([option]) => option).toSorted()).toEqual(Object.keys(shownDefaults()).toSorted())
})

test('the page says which options of the pool are those of pg', async () => {
  const sentence = /^((?:`\w+`(?:, |\s+and\s+)?)+) are node-postgres' own options/m.exec(page)?.[1] ?? ''
  const said = [...sentence.matchAll(/`(\w+)`/g)].map(([, option]) => option!)
  const pool = Object.keys(resolveOptions().pool)
  const ofPg = await readFile(createRequire(import.meta.resolve('pg')).resolve('pg-pool'), 'utf8')
  const used = pool.filter((option) => new RegExp(`options\\.${option}\\b`).test(ofPg))
  expect(said.toSorted()).toEqual(used.toSorted())
})

test.each(Object.entries(shownDefaults()))('%s is shown with its default %j', (option, value) => {
  const shown = new Map(rows).get(option)
  expect(shown).toBe(value === undefined ? 'none' : `\`${literal(value)}\``)
})

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
}

/** As a config spells them: nested keys with a dot, folders relative to the root, and one folder for tenants without kinds. */
function shownDefaults(): Record<string, unknown> {
  const {
    attributes,
    migrations,
    pool,
    auth,
    hooks,
    members,
    files,
    settings,
    settingsDefaults,
    settingsKinds,
    settingsKeys,
    seeds,
    warm,
    domains,
    root,
    boundary,
    shared,
    deploy,
    loginKeys,
    ...options
  } = resolveOptions({
    root: '/',
  })
  expect([loginKeys, settingsKeys]).toEqual([[], []])
  const { outOfOrder, shadowed, onDrift, template } = migrations
  const folders = { shared: migrations.shared, tenant: onlyKind(migrations.tenant) }
  const nested = {
    pool,
    boundary,
    shared,
    auth,
    hooks,
    members,
    files: { store: files?.store, quota: files?.quota },
    settings: { ...settings, defaults: settingsDefaults, kinds: settingsKinds, key: undefined },
    warm,
    domains,
    database: { deploy, loginKey: undefined },
    migrations: { ...mapValues(folders, (folder) => String(folder).slice(root.length)), outOfOrder, shadowed, onDrift, template },
    tenant: { attributes },
  }
  const folderOfSeeds = seeds === false ? false : seeds.folder.slice(root.length)
  const flat = Object.entries(nested).flatMap(([prefix, part]) =>
    Object.entries(part).map(([key, value]) => [`${prefix}.${key}`, value]),
  )
  return { ...options, ...Object.fromEntries(flat), root: undefined, seeds: folderOfSeeds }
}

/** The value of the kind `default`, which must be alone: then the option is that value. */
function onlyKind<T>(byKind: Readonly<Record<string, T>>): T {
  expect(Object.keys(byKind)).toEqual(['default'])
  return byKind['default']!
}

function mapValues<T>(object: Record<string, T>, fn: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, fn(value)]))
}
