import { readdir } from 'node:fs/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { createTenancy } from 'partywall'
import { testDatabase } from '../support/servers/database.ts'
import { folderForTest } from '../support/tenants/registry.ts'

const { url } = await testDatabase()
afterEach(() => void vi.unstubAllEnvs())

test.each([{}, { database: undefined }, { database: '' }])(
  'a tenancy with %j in production starts no embedded server: the first query is refused, and nothing is created',
  async (config) => {
    vi.stubEnv('NODE_ENV', 'production')
    const root = await folderForTest({})
    // A build loads the application and never queries.
    await using tenancy = createTenancy({ root, ...config })
    for (const use of [() => tenancy.ready(), () => tenancy.tenants.list(), () => tenancy.sharedPool.query('select 1')]) {
      await expect(use()).rejects.toMatchObject({
        code: 'EMBEDDED_FAILED',
        message: expect.stringMatching(/NODE_ENV is "production".*DATABASE_URL.*acquireEmbedded/),
      })
    }
    expect(await readdir(root)).toEqual([])
  },
)

test('a tenancy with a database works in production', async () => {
  vi.stubEnv('NODE_ENV', 'production')
  await using tenancy = createTenancy({ database: url })
  expect((await tenancy.sharedPool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
})
