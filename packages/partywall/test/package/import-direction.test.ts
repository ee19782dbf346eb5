/**
 * Reads the imports of src/ and holds the one-way rule of the house: a room may import from the rooms that its line in the table
 * names, and from itself. And nothing outside database/ has a connection of its own, so nothing outside can send an unbound statement.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const source = fileURLToPath(new URL('../../src/', import.meta.url))

const belowCatalog = ['ground', 'names', 'statements', 'options', 'database'] as const
const belowTenancy = [...belowCatalog, 'scope', 'catalog', 'resolve', 'source', 'migrations', 'lifecycle'] as const

/** Who may import from whom. A new room stands here before it stands anywhere. */
const rooms: Record<string, readonly string[]> = {
  ground: [],
  names: ['ground'],
  resolve: ['ground', 'names'],
  statements: ['ground', 'names'],
  // What a source of migrations is, as a type: the options name one, and it needs no more than statements.
  source: ['ground', 'statements'],
  // The types of resolvers and of sources are part of the config.
  options: ['ground', 'names', 'resolve', 'source'],
  scope: ['ground'],
  database: ['ground', 'names', 'statements', 'options', 'scope'],
  catalog: belowCatalog,
  migrations: [...belowCatalog, 'catalog', 'source'],
  lifecycle: [...belowCatalog, 'catalog', 'source', 'migrations'],
  tenancy: belowTenancy,
  index: [...belowTenancy, 'tenancy'],
  // An adapter takes a tenancy by its shape, so it needs none of the wiring.
  http: ['ground', 'resolve'],
  // The entry of a library gives out its source of migrations, too.
  orm: ['ground', 'names', 'statements', 'options', 'database', 'migrations'],
  cli: [...belowTenancy, 'tenancy', 'index'],
}

/** Files that are a room, or part of one, by themselves: the ground floor imports nothing but itself. */
const roomOfFile: Record<string, string> = {
  'errors.ts': 'ground',
  'types.ts': 'ground',
  'nearest.ts': 'ground',
  'known-keys.ts': 'ground',
  'fleet-report.ts': 'ground',
  'events.ts': 'ground',
  'workers.ts': 'ground',
  'host-spelling.ts': 'ground',
  'options.ts': 'options',
  'tenancy.ts': 'tenancy',
  'index.ts': 'index',
  // Pure rules about names; lives beside the SQL that needs them most.
  'database/identifier.ts': 'names',
  // SQL as text and values: sent by nobody here.
  'database/statement.ts': 'statements',
  'database/sql.ts': 'statements',
  'database/sql-tokens.ts': 'statements',
  'migrations/source.ts': 'source',
}

/** What the rooms between the database and the tenancy may take from it: ports, statements and words, no pool and no client. */
const doorsOfDatabase = new Set([
  'database/database.ts',
  'database/statement.ts',
  'database/sql.ts',
  'database/sql-tokens.ts',
  'database/literal.ts',
  'database/completed-before.ts',
  'database/schema-sql.ts',
  'database/sqlstate.ts',
  'database/privilege.ts',
])
const behindDoors = new Set(['catalog', 'migrations', 'lifecycle'])

test('every import of src/ points the way of the arrows', async () => {
  const files = await sourceFiles()
  expect(Object.keys(files).length).toBeGreaterThan(50)
  expect(violations(files)).toEqual([])
})

test('a wrong import is found, however it is written', () => {
  const errors = "import { TenancyError } from '../errors.ts'\n"
  expect(violations({ 'catalog/a.ts': `${errors}import type { Database } from '../database/database.ts'` })).toEqual([])
  expect(violations({ 'database/a.ts': `${errors}import {\n  one,\n  two,\n} from '../catalog/catalog.ts'` })).toEqual([
    'database/a.ts: the room database may not import from catalog (catalog/catalog.ts)',
  ])
  expect(violations({ 'errors.ts': "export * from './tenancy.ts'" })).toHaveLength(1)
  expect(violations({ 'http/koa.ts': "import type { Tenancy } from '../tenancy.ts'" })).toHaveLength(1)
  expect(violations({ 'migrations/a.ts': "const { provision } = await import('../lifecycle/provision.ts')" })).toHaveLength(1)
  expect(violations({ 'resolve/a.ts': "import '../scope/scope.ts'" })).toHaveLength(1)
  expect(violations({ 'cellar/a.ts': '' })).toEqual(['cellar/a.ts: the room cellar is not in the table of rooms'])
})

test('a connection outside of database/ is found', () => {
  expect(violations({ 'catalog/a.ts': "import type { QueryResult } from 'pg'" })).toEqual([])
  expect(violations({ 'database/a.ts': "import { Pool } from 'pg'" })).toEqual([])
  expect(violations({ 'catalog/a.ts': "import { Pool } from 'pg'" })).toEqual([
    'catalog/a.ts: only database/ may import more than types from pg',
  ])
  expect(violations({ 'cli/a.ts': "import { Pool, type PoolClient } from 'pg'" })).toHaveLength(1)
  expect(violations({ 'http/a.ts': "import Cursor from 'pg-cursor'" })).toHaveLength(1)
  expect(violations({ 'migrations/a.ts': "import pg from 'pg'" })).toHaveLength(1)
  expect(violations({ 'lifecycle/a.ts': "import { TenantPool } from '../database/tenant-pool.ts'" })).toEqual([
    'lifecycle/a.ts: database/tenant-pool.ts is no door of the database',
  ])
})

interface Import {
  readonly from: string
  readonly isType: boolean
}

function violations(files: Record<string, string>): string[] {
  return Object.entries(files).flatMap(([file, text]) => {
    const room = roomOf(file)
    const allowed = rooms[room]
    if (allowed === undefined) return [`${file}: the room ${room} is not in the table of rooms`]
    return importsOf(text).flatMap((imported) => problemOf(file, room, allowed, imported) ?? [])
  })
}

function problemOf(file: string, room: string, allowed: readonly string[], { from, isType }: Import): string | undefined {
  if (/^pg(-|$)/.test(from)) {
    return room === 'database' || isType ? undefined : `${file}: only database/ may import more than types from pg`
  }
  if (!from.startsWith('.')) return undefined
  const target = posix.join(posix.dirname(file), from)
  const targetRoom = roomOf(target)
  if (targetRoom === room) return undefined
  if (!allowed.includes(targetRoom)) return `${file}: the room ${room} may not import from ${targetRoom} (${target})`
  if (targetRoom === 'database' && behindDoors.has(room) && !doorsOfDatabase.has(target)) {
    return `${file}: ${target} is no door of the database`
  }
  return undefined
}

function roomOf(file: string): string {
  return roomOfFile[file] ?? file.split('/')[0]!
}

/** Static imports and re-exports stand at the beginning of a line: oxfmt sees to that. */
function importsOf(text: string): Import[] {
  const named = /^(?:import|export)\s+(type\s+)?(?:[\w$*,\s]|\{[^}]*\})*?\s*from\s+'([^']+)'/gm
  const bare = /^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm
  return [
    ...[...text.matchAll(named)].map(([, type, from]) => ({ from: from!, isType: type !== undefined })),
    ...[...text.matchAll(bare)].map(([, first, second]) => ({ from: (first ?? second)!, isType: false })),
  ]
}

async function sourceFiles(): Promise<Record<string, string>> {
  const paths = (await readdir(source, { recursive: true })).map((path) => path.replaceAll('\\', '/'))
  const ours = paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts')).toSorted()
  return Object.fromEntries(
    await Promise.all(ours.map(async (path) => [path, await readFile(join(source, path), 'utf8')] as const)),
  )
}
