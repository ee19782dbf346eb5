import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

const { url } = await testDatabase()

test('boundary rotate counts the passwords of the tenants with a login, and is resumed by its time', async () => {
  const { run } = await project(url, {
    'partywall.config.ts': `
      import { defineConfig } from 'partywall'
      export default defineConfig({
        database: { connectionString: process.env.DATABASE_URL, loginKey: 'k'.repeat(40) },
        boundary: { default: 'path', tenants: { acme: 'login', bolt: 'login' } },
      })`,
  })
  for (const schema of ['acme', 'bolt', 'plain']) await run(`tenant create ${schema}`)
  const all = await run('boundary rotate --all --json')
  expect(all.json).toMatchObject({
    ok: true,
    entries: [
      { target: 'acme', state: 'done', generation: 2 },
      { target: 'bolt', state: 'done', generation: 2 },
    ],
  })
  const began = new Date().toISOString()
  const one = await run('boundary rotate --tenant acme --end-connections')
  expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining('1 of 1') })
  const again = await run(`boundary rotate --all --json --not-since ${began}`)
  expect(again.json.entries.map(({ generation }: { generation: number | null }) => generation)).toEqual([null, 3])
  const refused = await run('boundary rotate --tenant plain --json')
  expect(refused).toMatchObject({ code: 1, json: { ok: false, entries: [{ error: { code: 'INVALID_ARGUMENT' } }] } })
  expect(refused.stderr).toContain('--not-since')
  expectFailure(await run('boundary rotate --json'), 2, 'MISSING_ANSWER')
  expectFailure(await run('boundary rotate --all --tenant acme --json'), 2, 'USAGE')
  expectFailure(await run('boundary rotate --all --not-since yesterday --json'), 2, 'USAGE')
})
