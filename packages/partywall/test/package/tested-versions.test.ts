/** The warning about a library that partywall is not tested with, the refusal of one that cannot be bound, and docs/versions.md. */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgreSqlConnection } from '@mikro-orm/postgresql'
import type { knex } from 'knex'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { assertUsableVersion } from '../../src/auth/better-auth/usable-version.ts'
import { tenantKnex } from '../../src/orm/knex.ts'
import { tenantMikroOrmOptions } from '../../src/orm/mikro-orm.ts'
import type { ScopedOrmTenancy } from '../../src/ports/tenancy-like.ts'
import { installedVersion, isTested, testedVersions, type TestedLibrary } from '../../src/tested-versions.ts'

const root = new URL('../../../../', import.meta.url)
const libraries = Object.keys(testedVersions) as TestedLibrary[]
const tenancy = { pool: {}, sharedPool: {} } as ScopedOrmTenancy

afterEach(() => {
  vi.restoreAllMocks()
  vi.resetModules()
})

test('a library of another version is warned about once, with the versions seen and tested', async () => {
  await appWith('kysely', { name: 'kysely', version: '0.28.19' })
  const { warnings, warnIfUntested } = await fresh()
  warnIfUntested('kysely')
  warnIfUntested('kysely')
  expect(warnings).toHaveBeenCalledTimes(1)
  expect(warnings).toHaveBeenCalledWith(
    expect.stringMatching(/^kysely 0\.28\.19 is installed, and partywall is tested with 0\.29\. .*docs\/versions\.md/),
    { code: 'PARTYWALL_UNTESTED_VERSION' },
  )
})

test('a library is found by its package.json behind an exports map', async () => {
  await appWith('slonik', { name: 'slonik', version: '12.1.0', exports: { '.': './absent.js' } })
  expect(installedVersion('slonik')).toBe('12.1.0')
})

test('an adapter warns when it is made, not when it is imported', async () => {
  await appWith('express', { name: 'express', version: '3.21.2' })
  const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue()
  vi.resetModules()
  const { tenantScope } = await import('../../src/http/express.ts')
  expect(warnings).not.toHaveBeenCalled()
  const served = { resolve: () => {}, run: () => {} } as never
  tenantScope(served)
  tenantScope(served)
  expect(warnings).toHaveBeenCalledTimes(1)
  expect(warnings.mock.calls[0]![0]).toMatch(
    /^express 3\.21\.2 is installed, and partywall is tested with 4\.\d+ to 4\.\d+ and 5\./,
  )
})

test.each([
  ['1.7.24', /^better-auth 1\.7\.24 is older than 1\.7\.25/],
  ['1.7.25', undefined],
  ['1.8.0', undefined],
])('Better Auth %s: one whose mails are for an address, whatever the tenant, is refused', async (version, message) => {
  await appWith('better-auth', { name: 'better-auth', version })
  if (message === undefined) return expect(() => assertUsableVersion()).not.toThrow()
  expect(() => assertUsableVersion()).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) }),
  )
})

test.each([
  ['is absent', undefined],
  ['is not JSON', '{'],
  ['is null', 'null'],
  ['is a text', '"4.0.0"'],
  ['has no version', '{"name":"express"}'],
  ['has a version of another type', '{"name":"express","version":4}'],
  ['has a version without numbers', '{"name":"express","version":"latest"}'],
  ['is of another package', '{"name":"polka","version":"1.0.0"}'],
])('no version is seen and nothing is warned about where the package.json %s', async (_, content) => {
  await appWith('express', content)
  const { warnings, warnIfUntested } = await fresh()
  for (const library of libraries) warnIfUntested(library)
  expect(installedVersion('express')).toBeUndefined()
  expect(warnings).not.toHaveBeenCalled()
})

test('no library of this repository is warned about', async () => {
  const { warnings, warnIfUntested } = await fresh()
  for (const library of libraries) {
    warnIfUntested(library)
    expect({ library, seen: installedVersion(library) }).toEqual({ library, seen: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  }
  expect(warnings).not.toHaveBeenCalled()
})

test.each([
  ['5.0.0', true],
  ['5.9.1', true],
  ['5.3.0-beta.1', true],
  ['4.16.4', true],
  ['4.15.9', false],
  ['6.0.0', false],
  ['3.4.5', true],
  ['3.4.10', true],
  ['3.5.0', true],
  ['3.4.4', false],
  ['3.3.9', false],
  ['0.45.4', true],
  ['0.44.7', false],
  ['0.46.0', false],
])('%s counts as tested: %s', (version, expected) => {
  expect(isTested(['0.45', '3.4.5 to 3.4.9', '4.16 to 4.22', '5.0 to 5.3'], version)).toBe(expected)
})

test('a Knex that cannot be bound is refused with the versions seen and tested', async () => {
  await appWith('knex', { name: 'knex', version: '9.1.0' })
  const other = (() => ({ client: { pool: {} } })) as unknown as typeof knex
  expect(() => tenantKnex(tenancy, other)).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(
        /^knex 9\.1\.0 has made a pool .* Install a version that is tested \(docs\/versions\.md\): 3\.\d to 3\.\d\./,
      ),
      details: { package: 'knex', seen: '9.1.0' },
    }),
  )
})

test.each([
  ['6.6.16', undefined],
  ['7.0.0', (overrides: object) => ({ pool: overrides })],
])('MikroORM %s, which would open its own connections, is refused with the versions seen and tested', async (version, value) => {
  await appWith('@mikro-orm/postgresql', { name: '@mikro-orm/postgresql', version })
  const prototype = PostgreSqlConnection.prototype as object
  const ofSeven = Object.getOwnPropertyDescriptor(prototype, 'createKyselyDialect')!
  onTestFinished(() => void Object.defineProperty(prototype, 'createKyselyDialect', ofSeven))
  Object.defineProperty(prototype, 'createKyselyDialect', { ...ofSeven, value })
  expect(() => tenantMikroOrmOptions(tenancy, {})).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(
        'does not let partywall replace its pool, so its statements would carry no tenant. Install a version that is tested',
      ),
      details: { package: '@mikro-orm/postgresql', seen: version },
    }),
  )
})

test('the table of tested versions names the versions that the tests run with', async () => {
  const { devDependencies } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'))
  for (const library of libraries) {
    const newest = testedVersions[library].map((line) => line.split(' to ').at(-1))
    const installed = versionsOf(library, devDependencies)
    const shortened = installed.map((version, index) => version.split('.').slice(0, newest[index]?.split('.').length).join('.'))
    expect({ library, newest }).toEqual({ library, newest: shortened })
  }
})

test('docs/versions.md has a row for each library, with the versions of the table', async () => {
  const page = await readFile(new URL('docs/versions.md', root), 'utf8')
  const rows = [...page.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)].map(([, library, versions]) => [library, versions!.trim()])
  expect(rows).toEqual(libraries.map((library) => [library, testedVersions[library].join(', ')]))
})

/** In the order of their names: an older version has a name with its number. */
function versionsOf(library: string, dependencies: Record<string, string>): string[] {
  const own = Object.entries(dependencies).flatMap(([name, version]) => {
    if (name === library) return [version]
    return version.startsWith(`npm:${library}@`) ? [version.slice(`npm:${library}@`.length)] : []
  })
  return own.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
}

/** Runs the test in an application that has this package installed. */
async function appWith(library: string, packageJson: string | object | undefined): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'partywall-app-')))
  const installed = join(folder, 'node_modules', library)
  await mkdir(installed, { recursive: true })
  const content = typeof packageJson === 'object' ? JSON.stringify(packageJson) : packageJson
  if (content !== undefined) await writeFile(join(installed, 'package.json'), content)
  const before = process.cwd()
  process.chdir(folder)
  onTestFinished(async () => {
    process.chdir(before)
    await rm(folder, { recursive: true })
  })
}

/** A process that has not looked for any library yet. */
async function fresh() {
  vi.resetModules()
  const { warnIfUntested } = await import('../../src/tested-versions.ts')
  return { warnings: vi.spyOn(process, 'emitWarning').mockReturnValue(), warnIfUntested }
}
