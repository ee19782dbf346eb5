/** Operations of a tenant's life that are called twice at the same time, or by a role without the rights: each has its effect once or not at all. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { TenancyError } from '../../src/index.ts'
import { testDatabase, type TestDatabase } from '../support/servers/database.ts'
import { contentOf, newEntries } from './kills/content.ts'
import { ground, type Ground } from './kills/ground.ts'
import { needs, operations } from './kills/operations.ts'

const databases: Record<'path' | 'role' | 'weak', TestDatabase> = {
  path: await testDatabase(),
  role: await testDatabase(),
  weak: await testDatabase(),
}

/** What the slower call is told. */
const slower: Readonly<Record<string, readonly string[]>> = {
  create: ['SCHEMA_EXISTS'],
  'create with seeds': ['SCHEMA_EXISTS'],
  clone: ['SCHEMA_EXISTS'],
  // The faster one may wait for its new name until the slower one, which waits for the row, ends; it gives up, and the slower one goes on.
  rename: ['UNKNOWN_TENANT', 'SCHEMA_EXISTS'],
  archive: ['UNKNOWN_TENANT', 'INVALID_TENANT_MOVE'],
  restore: ['INVALID_TENANT_MOVE', 'SCHEMA_EXISTS'],
  delete: ['UNKNOWN_TENANT', 'INVALID_TENANT_MOVE'],
  'adopt tables': ['SCHEMA_EXISTS', 'ADOPTION_REFUSED', 'INVALID_ARGUMENT'],
  'adopt in place': ['SCHEMA_EXISTS'],
  release: ['UNKNOWN_TENANT'],
  'save a template': ['INVALID_ARGUMENT'],
  'drop a template': ['UNKNOWN_TEMPLATE'],
}

describe.each(['path', 'role'] as const)('under the boundary %s', (boundary) => {
  let here: Ground
  beforeAll(async () => {
    here = await ground(boundary, databases[boundary])
  })
  afterAll(() => here.end())

  // Each of them under one boundary: the other one is that of kills.test.ts.
  const names = Object.keys(operations).filter((_, index) => index % 2 === (boundary === 'path' ? 1 : 0))

  test.each(names)('%s by two processes at the same time has its effect once', async (name) => {
    const { admin, open } = here
    const { config, run, undo } = operations[name]!
    const [one, other] = [open(config), open(config)]
    onTestFinished(async () => void (await Promise.all([one.close(), other.close()])))
    await Promise.all([one.ready(), other.ready()])
    await needs[name]?.(one)
    await run(one)
    const after = await contentOf(admin)
    await undo(one, admin)
    const before = await contentOf(admin)
    const entries = await newEntries(admin)
    await run(one)
    const recorded = await entries()
    await undo(one, admin)
    await entries()
    const ends = await Promise.allSettled([run(one), run(other)])
    expect(ends.map(({ status }) => status)).toContain('fulfilled')
    for (const end of ends) {
      if (end.status === 'rejected')
        expect([slower[name], end.reason]).toEqual([expect.arrayContaining([end.reason.code]), end.reason])
    }
    expect(await contentOf(admin)).toEqual(after)
    expect((await entries()).toSorted()).toEqual(recorded.toSorted())
    await undo(one, admin)
    expect(await contentOf(admin)).toEqual(before)
  })
})

test('a role that has the catalog, and neither the schemas nor the database, changes nothing and learns what it lacks', async () => {
  const { admin, own, open, end } = await ground('path', databases.weak)
  const weak = `${own.deployRole}_weak`
  await admin.query(`
    create role ${weak} login createrole password 'deploy'; grant usage on schema partywall to ${weak};
    grant all on all tables in schema partywall to ${weak}; grant all on all sequences in schema partywall to ${weak}; grant usage on schema acme to ${weak};
    grant execute on function pg_catalog.set_config(text, text, boolean) to ${weak}`)
  const deploy = new URL(own.deploy)
  deploy.username = weak
  const strong = open()
  const tenancy = open({}, { app: own.app, deploy: deploy.href })
  onTestFinished(async () => {
    await Promise.all([strong.close(), tenancy.close()])
    await admin.query(`drop owned by ${weak}; drop role ${weak}`)
    await end()
  })
  for (const [name, { run }] of Object.entries(operations)) {
    await needs[name]?.(strong)
    const before = await contentOf(admin)
    const error = await run(tenancy).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect([name, error]).toEqual([name, expect.any(TenancyError)])
    expect([name, (error as TenancyError).code]).toEqual([
      name,
      name.startsWith('adopt tables') ? 'ADOPTION_REFUSED' : 'NOT_PERMITTED',
    ])
    expect([name, await contentOf(admin)]).toEqual([name, before])
  }
})
