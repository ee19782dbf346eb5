/**
 * Reads the imports of src/ and holds the one-way rule of the house. A folder is a room; a room may import from the rooms that its
 * line in the table names, and from itself. The files at the root are of two kinds, which their own imports tell apart: nouns, which
 * import nothing but other nouns and which every room may use, and the front, which wires the rooms and which only the command line
 * may use. There is no exception for a single file, no circle, and no line that permits more than is used.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const source = fileURLToPath(new URL('../../src/', import.meta.url))
const { exports } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
  exports: Record<string, { '@partywall/source': string } | string>
}

const text = ['names', 'sql']
const ground = [...text, 'ports', 'config']

/** Each room, and the rooms it may import from. A room stands below those that it may use, so the table itself has no circle. */
const rooms: Record<string, readonly string[]> = {
  // SQL, names and shapes: text and types, without a connection.
  names: [],
  sql: ['names'],
  ports: ['sql'],
  config: ['names', 'ports'],
  scope: [],
  fleet: [],
  // The database: all that has a connection.
  embedded: [],
  'database/boundary': [...text],
  'database/binding': [...text, 'config', 'scope', 'database/boundary'],
  'database/pool': ['sql', 'database/binding'],
  'database/logins': ['sql', 'config', 'database/binding', 'database/pool'],
  'database/probe': [...text, 'ports', 'scope', 'database/pool'],
  'database/watch': ['names', 'ports'],
  // A server of this process, for tests.
  'database/one-connection': [...text, 'database/pool', 'database/watch'],
  database: [
    'sql',
    'ports',
    'config',
    'scope',
    'embedded',
    'database/binding',
    'database/pool',
    'database/logins',
    'database/probe',
    'database/watch',
  ],
  // What is built on statements: none of these has a connection.
  blueprint: [...text],
  resolve: ['names', 'ports'],
  'catalog/install/migrations': [],
  'catalog/roles': [...ground],
  'catalog/install': [...text, 'ports', 'catalog/roles', 'catalog/install/migrations'],
  catalog: ['sql', 'ports', 'catalog/install'],
  'catalog/audit': ['sql', 'scope'],
  'catalog/tenants': [...ground, 'catalog/audit', 'catalog'],
  'catalog/domains': [...text, 'catalog/audit', 'catalog', 'catalog/tenants'],
  // A customer proves a domain.
  domains: ['names', 'catalog/domains', 'fleet'],
  // Users that belong to tenants.
  'catalog/members': [...ground, 'scope', 'catalog', 'catalog/audit', 'catalog/tenants'],
  // What each tenant is configured with.
  settings: ['sql', 'config', 'scope', 'fleet', 'catalog', 'catalog/audit', 'catalog/tenants'],
  'catalog/runs': ['sql', 'ports', 'catalog/audit'],
  'catalog/work': ['sql', 'ports', 'catalog/audit'],
  'catalog/relations': ['sql'],
  'catalog/blueprints': ['sql', 'blueprint'],
  // Schemas from which tenants are made.
  'catalog/templates': ['sql'],
  // Schemas that wait for a new tenant.
  'catalog/ready': ['sql'],
  // What the files of tenants take.
  'catalog/files': ['sql', 'ports'],
  'migrations/statements': ['sql'],
  // One SELECT in many tenants.
  // Views over all tenants.
  'fleet/views': [...text, 'ports', 'catalog/audit'],
  'fleet/across': ['sql', 'ports', 'fleet', 'migrations/statements'],
  'blueprint/render': [...text, 'blueprint', 'migrations/statements'],
  'blueprint/repair': [...text, 'blueprint', 'blueprint/render'],
  'migrations/shape': ['sql', 'ports', 'migrations/statements'],
  'migrations/review': ['sql', 'ports', 'migrations/statements', 'migrations/shape'],
  'migrations/sources/files': [],
  'migrations/sources/folder': ['sql', 'ports', 'migrations/review', 'migrations/sources/files'],
  'migrations/sources/imported': [...text, 'ports', 'migrations/sources/files'],
  'migrations/sources/tools': ['sql', 'ports', 'migrations/review', 'migrations/sources/files', 'migrations/sources/imported'],
  'migrations/sources': ['ports', 'config', 'migrations/sources/folder'],
  'migrations/history': [...text, 'ports', 'migrations/shape', 'migrations/sources/files'],
  'migrations/plan': [
    ...ground,
    'fleet',
    'catalog/relations',
    'catalog/tenants',
    'migrations/shape',
    'migrations/review',
    'migrations/sources/imported',
    'migrations/sources',
    'migrations/history',
  ],
  'migrations/apply': [...text, 'ports', 'migrations/statements', 'migrations/shape', 'migrations/history', 'migrations/plan'],
  'migrations/trial': [
    ...ground,
    'blueprint',
    'migrations/statements',
    'migrations/shape',
    'migrations/review',
    'migrations/sources/files',
    'migrations/sources/folder',
    'migrations/sources',
    'migrations/plan',
  ],
  'migrations/run': [
    'sql',
    'ports',
    'fleet',
    'catalog/tenants',
    'catalog/runs',
    'catalog/relations',
    'migrations/history',
    'migrations/plan',
    'migrations/apply',
    'migrations/trial',
    'catalog/roles',
  ],
  'lifecycle/entry': [
    'sql',
    'config',
    'ports',
    'scope',
    'catalog/relations',
    'catalog/tenants',
    'migrations/review',
    'migrations/sources',
    'migrations/history',
    'migrations/plan',
  ],
  // Seeds and hooks: what runs in a tenant after its schema was made.
  'lifecycle/steps': [
    'sql',
    'config',
    'ports',
    'scope',
    'fleet',
    'catalog',
    'catalog/audit',
    'catalog/files',
    'catalog/tenants',
    'migrations/sources',
    'migrations/apply',
    'lifecycle/entry',
  ],
  // What tenants look like, without what no migration decides.
  'lifecycle/structure': [...text, 'blueprint', 'catalog/roles'],
  // Compared with what their migrations give.
  'lifecycle/drift': [
    ...ground,
    'fleet',
    'blueprint',
    'blueprint/repair',
    'lifecycle/structure',
    'catalog/audit',
    'catalog/blueprints',
    'catalog/roles',
    'catalog/tenants',
    'migrations/sources',
    'migrations/history',
    'migrations/plan',
    'migrations/apply',
    'migrations/run',
  ],
  // A new tenant is compared with the template that it is made of, as drift is found.
  'lifecycle/templates': [
    ...ground,
    'blueprint',
    'blueprint/render',
    'catalog',
    'catalog/audit',
    'catalog/roles',
    'catalog/templates',
    'catalog/tenants',
    'migrations/sources',
    'migrations/history',
    'migrations/plan',
    'migrations/apply',
    'lifecycle/structure',
    'lifecycle/steps',
  ],
  // Known attacks of one tenant on another, as an application could carry them out.
  'attack/groups': ['sql'],
  attack: [...ground, 'catalog/tenants', 'attack/groups'],
  // Rights of many tenants: compared and changed as fleet work, and recorded by what the front gives.
  'lifecycle/boundary': [
    ...ground,
    'fleet',
    'catalog',
    'catalog/audit',
    'catalog/roles',
    'catalog/tenants',
    'migrations/history',
    'migrations/plan',
    'migrations/apply',
  ],
  'lifecycle/logins': [...ground, 'catalog/audit', 'catalog/roles', 'catalog/tenants'],
  // Moves of a tenant: the row, the schema and the roles together.
  'lifecycle/states': [
    ...ground,
    'catalog',
    'catalog/audit',
    'catalog/roles',
    'catalog/tenants',
    'catalog/domains',
    'migrations/apply',
    'lifecycle/boundary',
    'lifecycle/logins',
  ],
  // Rows of shared tables that tenants refer to.
  'lifecycle/shared': [...text, 'ports', 'fleet', 'catalog/audit', 'lifecycle/states'],
  // Schemas that wait for a new tenant.
  'lifecycle/warm': [
    ...text,
    'config',
    'ports',
    'catalog/ready',
    'migrations/sources',
    'migrations/history',
    'migrations/plan',
    'migrations/apply',
    'lifecycle/templates',
    'lifecycle/states',
  ],
  lifecycle: [
    ...ground,
    'fleet',
    'blueprint',
    'catalog',
    'catalog/audit',
    'catalog/roles',
    'catalog/tenants',
    'catalog/domains',
    'catalog/relations',
    'migrations/sources',
    'migrations/history',
    'migrations/plan',
    'migrations/apply',
    'lifecycle/structure',
    'lifecycle/steps',
    'lifecycle/templates',
    'lifecycle/warm',
  ],
  // What exists becomes a tenant: its rights are made as those of a tenant whose boundary changes.
  'lifecycle/adopt': [
    ...ground,
    'fleet',
    'blueprint',
    'catalog',
    'catalog/audit',
    'catalog/roles',
    'catalog/tenants',
    'catalog/domains',
    'catalog/relations',
    'migrations/statements',
    'migrations/sources',
    'migrations/history',
    'migrations/plan',
    'migrations/apply',
    'lifecycle/boundary',
    'lifecycle/states',
  ],
  // A tenant becomes another one: as a creation, with the structure and the rows of the source.
  'lifecycle/clone': [
    ...ground,
    'blueprint',
    'blueprint/render',
    'catalog/roles',
    'catalog/tenants',
    'migrations/statements',
    'migrations/history',
    'migrations/plan',
    'migrations/apply',
    'lifecycle',
    'lifecycle/steps',
    'lifecycle/states',
    'settings',
  ],
  // The rows of tenants as files, held as the source of a clone is.
  fixtures: [
    ...ground,
    'fleet',
    'catalog',
    'catalog/audit',
    'catalog/tenants',
    'migrations/history',
    'migrations/apply',
    'lifecycle/states',
    'lifecycle/clone',
  ],
  // The doctor: an examination reads, and is given the connections.
  'doctor/context': [...ground, 'catalog/install'],
  'doctor/*': [...text, 'config', 'migrations/history', 'doctor/context'],
  doctor: ['ports', 'sql', 'config', 'doctor/*', 'doctor/context'],
  // The edges: each adapter takes a tenancy by its shape (ports), so it needs none of the wiring.
  'http/shared': ['names', 'ports'],
  http: ['ports', 'http/shared'],
  // Made of the adapters of its platforms.
  'http/nest': ['ports', 'http/shared', 'http'],
  'http/next': ['ports', 'http/shared'],
  'http/graphql-yoga': ['ports', 'http/shared'],
  'http/socket-io': ['ports', 'http/shared'],
  // Tokens that the application signs: imported on their own.
  'auth/better-auth': ['ports', 'http/shared', 'catalog/audit'],
  'auth/impersonation': ['sql', 'ports', 'catalog/audit'],
  'auth/jwt': ['sql', 'ports', 'http/shared', 'catalog/audit'],
  // Files of tenants: imported on their own.
  'files/disk': [],
  files: ['catalog/files', 'files/disk'],
  'static-files': ['ports', 'files', 'files/disk'],
  // Stores outside of PostgreSQL, with the tenant in every key.
  'cache/shared': ['ports'],
  'cache/redis': ['ports', 'cache/shared'],
  cache: ['ports', 'cache/shared', 'cache/redis'],
  // For tests of applications: databases, tenants, clients, and the contracts of adapters.
  'testing/database': [...ground, 'database', 'database/one-connection', 'migrations/sources', 'migrations/history'],
  'testing/contract': ['ports', 'resolve', 'testing/database'],
  testing: ['ports', 'resolve', 'database/pool', 'database/one-connection', 'testing/database', 'testing/contract'],
  // What looks at a project: the registry of checks, and the applications of each framework.
  'check/app': ['http/shared'],
  check: [...ground, 'catalog/relations', 'migrations/plan', 'migrations/sources', 'check/app'],
  // What the rooms tell, for tools that log, trace and count.
  observe: ['ports'],
  'observe/opentelemetry': ['ports'],
  'observe/health': ['sql'],
  // What tenants use: counted in memory, and stored.
  'observe/meter': ['config'],
  'observe/usage': ['sql', 'ports', 'config', 'observe/meter'],
  'observe/prometheus': ['sql', 'observe/health'],
  'orm/shared': ['ports'],
  orm: ['ports', 'sql', 'orm/shared', 'migrations/sources/tools'],
  'orm/*': ['ports', ...text, 'orm/shared', 'database/binding'],
  // Jobs: each is for the tenant of its stamp.
  'queue/shared': ['sql', 'ports', 'scope', 'fleet'],
  'queue/*': ['names', 'ports', 'fleet', 'orm/shared', 'queue/shared'],
  'cli/terminal': ['migrations/run'],
  'cli/context': ['config', 'scope', 'catalog/tenants', 'migrations/sources', 'cli/terminal'],
  'cli/*': [
    ...ground,
    'fleet',
    'files',
    'lifecycle/adopt',
    'fixtures',
    'blueprint/repair',
    'lifecycle/boundary',
    'lifecycle/clone',
    'lifecycle/drift',
    'lifecycle/logins',
    'lifecycle/states',
    'lifecycle/steps',
    'migrations/sources/folder',
    'migrations/plan',
    'migrations/trial',
    'migrations/run',
    'resolve',
    'attack',
    'check',
    'check/app',
    'settings',
    'observe/meter',
    'cli/terminal',
    'cli/context',
  ],
  cli: ['scope', 'cli/*', 'cli/context', 'cli/terminal'],
}

/** Only these rooms may import what opens a connection. */
const withConnections = /^database(\/|$)/
/** What of pg does not: types, and how text is read. */
const harmlessNames = new Set(['types'])

test('every import of src/ points the way of the arrows', async () => {
  const files = await sourceFiles()
  expect(Object.keys(files).length).toBeGreaterThan(150)
  expect(violations(files)).toEqual([])
})

test('the table of rooms has a line for every folder, and no other', async () => {
  const folders = new Set(Object.keys(await sourceFiles()).map((file) => lineOf(posix.dirname(file))))
  folders.delete('.')
  expect([...folders].toSorted()).toEqual(Object.keys(rooms).toSorted())
})

test('every arrow that the table permits is used', async () => {
  const files = await sourceFiles()
  expect(unusedArrows(files)).toEqual([])
  const [first, ...others] = Object.entries(files).filter(([file]) => file.startsWith('resolve/'))
  expect(others.length).toBeGreaterThan(2)
  expect(unusedArrows(Object.fromEntries([first!]))).toContain('resolve -> names')
})

test('the table of rooms has no circle: a room uses only rooms above it', () => {
  const names = Object.keys(rooms)
  const upward = names.flatMap((room, index) =>
    rooms[room]!.filter((other) => lineOf(other) !== room && names.indexOf(lineOf(other)) >= index).map(
      (other) => `${room} -> ${other}`,
    ),
  )
  expect(upward).toEqual([])
})

test('no file imports itself on a way through others', async () => {
  expect(circlesIn(await sourceFiles())).toEqual([])
  const circle = {
    'sql/a.ts': "import './b.ts'",
    'sql/b.ts': "export * from './c.ts'",
    'sql/c.ts': "import type { A } from './a.ts'",
  }
  expect(circlesIn(circle)).toEqual(['sql/a.ts -> sql/b.ts -> sql/c.ts -> sql/a.ts'])
})

test('a wrong import is found, however it is written', () => {
  const nouns = { 'errors.ts': '', 'tenancy.ts': "import { Catalog } from './catalog/catalog.ts'", 'catalog/catalog.ts': '' }
  const wrong = (files: Record<string, string>): string[] => violations({ ...nouns, ...files })
  const errors = "import { TenancyError } from '../errors.ts'\n"
  expect(wrong({ 'catalog/a.ts': `${errors}import type { Database } from '../ports/database.ts'` })).toEqual([])
  expect(wrong({ 'scope/a.ts': `${errors}import {\n  one,\n  two,\n} from '../catalog/catalog.ts'` })).toEqual([
    'scope/a.ts: the room scope may not import from catalog (catalog/catalog.ts)',
  ])
  expect(wrong({ 'errors.ts': "export * from './tenancy.ts'", 'sql/a.ts': errors })).toEqual([
    'sql/a.ts: errors.ts belongs to the front, which a room may not import',
  ])
  expect(wrong({ 'http/koa.ts': "import type { Tenancy } from '../tenancy.ts'" })).toHaveLength(1)
  expect(wrong({ 'migrations/run/a.ts': "const { provision } = await import('../../lifecycle/provision.ts')" })).toHaveLength(1)
  expect(wrong({ 'resolve/a.ts': "import '../scope/scope.ts'" })).toHaveLength(1)
  expect(wrong({ 'scope/a.ts': "await importUnbundled('partywall/embedded')" })).toEqual([
    'scope/a.ts: the room scope may not import from embedded (embedded/embedded.ts)',
  ])
  expect(wrong({ 'sql/a.ts': "import { tenantScope } from 'partywall/express'" })).toHaveLength(1)
  expect(
    wrong({ 'sql/a.ts': "import { createTenancy } from 'partywall'", 'index.ts': "export * from './tenancy.ts'" }),
  ).toHaveLength(1)
  expect(wrong({ 'cellar/a.ts': '' })).toEqual(['cellar/a.ts: the room cellar is not in the table of rooms'])
})

test('a connection outside of database/ is found', () => {
  expect(violations({ 'catalog/a.ts': "import type { QueryResult } from 'pg'" })).toEqual([])
  expect(violations({ 'sql/a.ts': "import pg from 'pg'\npg.types.getTypeParser(1)" })).toEqual([])
  expect(violations({ 'database/pool/a.ts': "import pg from 'pg'\nnew pg.Pool()" })).toEqual([])
  expect(violations({ 'catalog/a.ts': "import pg, { type Pool } from 'pg'\nnew pg.Pool()" })).toEqual([
    'catalog/a.ts: only database/ may import from pg what opens a connection',
  ])
  expect(violations({ 'cli/migrate/a.ts': "import * as pg from 'pg'" })).toHaveLength(1)
  expect(violations({ 'http/a.ts': "import Cursor from 'pg-cursor'" })).toHaveLength(1)
  expect(violations({ 'migrations/run/a.ts': "import pg from 'pg'\nnew pg.types.A(pg.Client)" })).toHaveLength(1)
  expect(violations({ 'lifecycle/a.ts': "import { TenantPool } from '../database/pool/tenant-pool.ts'" })).toHaveLength(1)
})

test('pg is imported by its default: the names of its CommonJS before 8.15 are not found by an import', async () => {
  expect(namesOfPg({ 'sql/a.ts': "import pg, { type Pool } from 'pg'" })).toEqual([])
  expect(namesOfPg({ 'sql/a.ts': "import { Client, type Pool } from 'pg'" })).toEqual(['sql/a.ts: Client'])
  expect(namesOfPg(await sourceFiles())).toEqual([])
})

interface Import {
  readonly from: string
  readonly isType: boolean
  /** The values that are imported by name. */
  readonly names: readonly string[]
  /** The values that are imported by name or read from the default; undefined where neither can be told. */
  readonly used: readonly string[] | undefined
}

function violations(files: Record<string, string>): string[] {
  return Object.entries(files).flatMap(([file, content]) => {
    const room = posix.dirname(file)
    if (room === '.') return []
    const allowed = rooms[lineOf(room)]
    if (allowed === undefined) return [`${file}: the room ${room} is not in the table of rooms`]
    return importsOf(content).flatMap((imported) => problemOf(files, file, allowed, imported) ?? [])
  })
}

function problemOf(
  files: Record<string, string>,
  file: string,
  allowed: readonly string[],
  { from, isType, used }: Import,
): string | undefined {
  const room = posix.dirname(file)
  if (/^pg(-|$)/.test(from)) {
    const isHarmless = isType || (from === 'pg' && used?.every((name) => harmlessNames.has(name)) === true)
    return withConnections.test(room) || isHarmless
      ? undefined
      : `${file}: only database/ may import from pg what opens a connection`
  }
  const target = targetOf(file, from)
  if (target === undefined) return undefined
  const other = posix.dirname(target)
  if (other === '.') {
    const mayUseFront = room === 'cli' || room.startsWith('cli/')
    return mayUseFront || isNoun(files, target)
      ? undefined
      : `${file}: ${target} belongs to the front, which a room may not import`
  }
  if (other === room || allowed.includes(other) || (allowed.includes(lineOf(other)) && lineOf(other) !== lineOf(room)))
    return undefined
  return `${file}: the room ${room} may not import from ${other} (${target})`
}

/** The file in src/ that an import means; undefined for another package. A package name reaches the same files as a path. */
function targetOf(file: string, from: string): string | undefined {
  if (from.startsWith('.')) return posix.join(posix.dirname(file), from)
  if (!/^partywall(?:\/|$)/.test(from)) return undefined
  const entry = exports[from.replace('partywall', '.')]
  return typeof entry === 'object' ? entry['@partywall/source'].replace('./src/', '') : undefined
}

/** Arrows of the table that no import needs, as `room -> other`. */
function unusedArrows(files: Record<string, string>): string[] {
  const used = new Set(
    Object.entries(files).flatMap(([file, content]) =>
      importsOf(content).flatMap(({ from }) => {
        const target = targetOf(file, from)
        if (target === undefined) return []
        const [room, other] = [lineOf(posix.dirname(file)), posix.dirname(target)]
        return [`${room} -> ${other}`, `${room} -> ${lineOf(other)}`]
      }),
    ),
  )
  return Object.entries(rooms).flatMap(([room, others]) =>
    others.map((other) => `${room} -> ${other}`).filter((arrow) => !used.has(arrow)),
  )
}

/** A file at the root that uses no room, nor anything that does. */
function isNoun(files: Record<string, string>, file: string): boolean {
  const content = files[file]
  if (content === undefined) return true
  return importsOf(content).every(({ from }) => {
    const target = targetOf(file, from)
    return target === undefined || (posix.dirname(target) === '.' && isNoun(files, target))
  })
}

/** The line of the table that speaks of a folder: its own, or that of all folders beside it. */
function lineOf(room: string): string {
  return room in rooms ? room : `${posix.dirname(room)}/*` in rooms ? `${posix.dirname(room)}/*` : room
}

function circlesIn(files: Record<string, string>): string[] {
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file)
    if (at !== -1) {
      circles.push([...way.slice(at), file].join(' -> '))
      return
    }
    if (done.has(file)) return
    for (const { from } of importsOf(files[file] ?? '')) {
      const target = targetOf(file, from)
      if (target !== undefined) visit(target, [...way, file])
    }
    done.add(file)
  }
  for (const file of Object.keys(files)) visit(file, [])
  return circles
}

/** Static imports and re-exports stand at the beginning of a line: oxfmt sees to that. */
function importsOf(content: string): Import[] {
  const named = /^(?:import|export)\s+(type\s+)?((?:[\w$*,\s]|\{[^}]*\})*?)\s*from\s+'([^']+)'/gm
  const bare = /^import\s+'([^']+)'|\bimport(?:Unbundled)?\(\s*'([^']+)'/gm
  return [
    ...[...content.matchAll(named)].map(([, type, what, from]) => {
      const [, standard, braced = ''] = /^(\w+)?,?\s*(?:\{([^}]*)\})?$/.exec(what!.trim()) ?? [undefined, '*']
      const names = braced
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && !name.startsWith('type '))
      return { from: from!, isType: type !== undefined, names, used: usedOf(content, standard, names) }
    }),
    ...[...content.matchAll(bare)].map(([, first, second]) => ({
      from: (first ?? second)!,
      isType: false,
      names: [],
      used: undefined,
    })),
  ]
}

function usedOf(content: string, standard: string | undefined, names: readonly string[]): readonly string[] | undefined {
  if (standard === '*') return undefined
  if (standard === undefined) return names
  const read = [...content.matchAll(new RegExp(`(?<![\\w.])${standard}\\.(\\w+)`, 'g'))].map(([, name]) => name!)
  return [...names, ...read]
}

function namesOfPg(files: Record<string, string>): string[] {
  return Object.entries(files).flatMap(([file, content]) =>
    importsOf(content)
      .filter(({ from, isType }) => from === 'pg' && !isType)
      .flatMap(({ names }) => names.map((name) => `${file}: ${name}`)),
  )
}

async function sourceFiles(): Promise<Record<string, string>> {
  const paths = (await readdir(source, { recursive: true })).map((path) => path.replaceAll('\\', '/'))
  const ours = paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts')).toSorted()
  return Object.fromEntries(
    await Promise.all(ours.map(async (path) => [path, await readFile(join(source, path), 'utf8')] as const)),
  )
}
