/** The commands of ready schemas, against a real database. */
import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

const { url } = await testDatabase()

test(
  'ready schemas are made, listed, used and dropped from the command line, and no other command makes any',
  { timeout: 120_000 },
  async () => {
    const { run } = await project(url, {
      'partywall.config.ts': `
      import { defineConfig } from 'partywall'
      export default defineConfig({
        database: process.env.DATABASE_URL,
        migrations: { tenant: { default: 'migrations/tenant', odd: 'migrations/odd' } },
        warm: { size: { default: 2, odd: 1 } },
      })`,
      'migrations/tenant/0001_plans.sql': `create table plans (name text primary key); insert into plans values ('free')`,
      'migrations/odd/0001_keys.sql': `create table keys (key uuid); insert into keys values (gen_random_uuid())`,
    })
    await run('migrate')
    const list = async (): Promise<unknown> => (await run('warm list --json')).json
    expect(await list()).toEqual([
      { kind: 'default', size: 2, ready: 0, others: 0 },
      { kind: 'odd', size: 1, ready: 0, others: 0 },
    ])
    const filled = await run('warm fill --json')
    expect(filled.code).toBe(1)
    expect(filled.json).toEqual([
      { kind: 'default', size: 2, ready: 2, others: 0, made: 2 },
      { kind: 'odd', size: 1, ready: 0, others: 0, made: 0, unusable: expect.stringMatching(/other rows.*keys/) },
    ])
    expect((await run('tenant create acme --json')).json).toMatchObject({ schema: 'acme', migrations: { head: '0001_plans' } })
    expect(await list()).toMatchObject([{ ready: 1 }, { ready: 0 }])
    expect((await run('tenant list --json')).json).toMatchObject([{ schema: 'acme' }])
    expect((await run('warm drop --kind default')).stdout).toContain('dropped 1 ready schema')
    expect((await run('warm drop --json')).json).toEqual({ dropped: 0 })
    expectFailure(await run('warm drop extra --json'), 2, 'USAGE')
  },
)
