/** PW-006 and PW-007: the copies of pg and partywall in folders as package managers make them, and versions out of range. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { copies } from '../../src/check/one-copy.ts'
import { testedPackages } from '../../src/check/tested-packages.ts'
import { folderForTest, writeFiles } from '../support/tenants/registry.ts'

const manifest = (name: string, version = '1.0.0'): string => JSON.stringify({ name, version })

const hoisted = {
  'package.json': manifest('app'),
  'node_modules/partywall/package.json': manifest('partywall'),
  'node_modules/partywall/dist/cli/check/check.js': '',
  'node_modules/pg/package.json': manifest('pg', '8.16.0'),
  'node_modules/knex/package.json': manifest('knex'),
}

async function copiesIn(files: Record<string, string>): Promise<{ severity: string; seen: string }[]> {
  const root = await folderForTest({ ...hoisted, ...files })
  return copies(root, join(root, 'node_modules/partywall/dist/cli/check/check.js'))
}

test('one copy of pg for all is in order, also where nothing else is there', async () => {
  expect(await copiesIn({})).toEqual([])
})

test('a folder without node_modules is no proof that there is one copy of pg', () => {
  expect(copies('/none', '/none/x.js')).toMatchObject([{ severity: 'info', seen: expect.stringContaining('no copy of pg') }])
})

test('a copy of pg that partywall alone loads is an error that names both', async () => {
  const [finding, ...others] = await copiesIn({ 'node_modules/partywall/node_modules/pg/package.json': manifest('pg', '8.11.0') })
  expect(others).toEqual([])
  expect(finding).toMatchObject({ severity: 'error' })
  expect(finding!.seen).toContain('8.16.0 in node_modules/pg (the application)')
  expect(finding!.seen).toContain('8.11.0 in node_modules/partywall/node_modules/pg (partywall)')
})

test.each([
  ['beside a package', 'node_modules/knex/node_modules/pg/package.json', 'knex'],
  ['in a scope', 'node_modules/@scope/orm/node_modules/pg/package.json', '@scope/orm'],
  ['deep below', 'node_modules/knex/node_modules/inner/node_modules/pg/package.json', 'knex > inner'],
  ['in the store of pnpm', 'node_modules/.pnpm/pg@8.11.0/node_modules/pg/package.json', 'node_modules/.pnpm/pg@8.11.0'],
])('a second copy of pg %s is a warning with the name of its user', async (_, path, user) => {
  const found = await copiesIn({ [path]: manifest('pg', '8.11.0') })
  expect(found).toMatchObject([{ severity: 'warning' }])
  expect(found[0]!.seen).toContain(`(${user})`)
})

test('a second copy of partywall is an error, because its scopes are its own', async () => {
  const found = await copiesIn({ 'node_modules/jobs/node_modules/partywall/package.json': manifest('partywall') })
  expect(found).toMatchObject([{ severity: 'error', seen: expect.stringContaining('2 copies of partywall') }])
})

test('workspaces that link to each other in circles are read once', async () => {
  const root = await folderForTest(hoisted)
  await writeFiles(root, { 'packages/a/package.json': manifest('a'), 'packages/a/node_modules/.keep': '' })
  await symlink('../packages/a', join(root, 'node_modules/a'))
  await symlink('../..', join(root, 'packages/a/node_modules/a'))
  expect(copies(root, join(root, 'package.json'))).toEqual([])
})

test('a pg that is too old is an error, and an untested library that the project lists is a warning', async () => {
  expect(await versions({})).toEqual([])
  for (const version of ['8.9.0', '7.18.2', '9.0.0']) {
    expect(await versions({ 'node_modules/pg/package.json': manifest('pg', version) })).toEqual([
      expect.stringContaining(`error: pg ${version}`),
    ])
  }
  const listed = JSON.stringify({ name: 'app', dependencies: { knex: '1' } })
  expect(await versions({ 'package.json': listed })).toEqual([expect.stringContaining('warning: knex 1.0.0 is installed')])
})

async function versions(files: Record<string, string>): Promise<string[]> {
  const root = await folderForTest({ ...hoisted, ...files })
  const found = await testedPackages.run({ root, ownFile: join(root, 'package.json') })
  return found.map(({ severity, seen }) => `${severity}: ${seen}`)
}
