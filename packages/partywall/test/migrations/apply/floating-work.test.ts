/** What a migration starts and does not await belongs to it: this needs a plain Node.js, because Vitest listens for rejections itself. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { folderForTest } from '../../support/tenants/registry.ts'

const script = fileURLToPath(new URL('../../support/migrations/float-plainly.ts', import.meta.url))

test('a statement that a migration does not await is waited for, or fails the migration, and never ends the process', async () => {
  const { url } = await testDatabase()
  const program = spawn(process.execPath, ['--conditions=@partywall/source', script, url, await folderForTest({})])
  const [output, errors, [exitCode]] = await Promise.all([text(program.stdout), text(program.stderr), once(program, 'close')])
  const failed = 'MIGRATION_FAILED: 42704'
  expect(JSON.parse(output)).toEqual({
    results: {
      knex: 'x',
      'knex-bad': failed,
      kysely: 'first,x',
      'kysely-bad': failed,
      'kysely-late': '',
      mikro: 'x',
      'mikro-bad': failed,
      sequelize: 'x',
      'sequelize-bad': failed,
      typeorm: 'x',
      'typeorm-bad': failed,
      umzug: 'x',
      'umzug-bad': failed,
    },
    codes: ['PARTYWALL_FLOATING_MIGRATION'],
  })
  // A rejection of the application itself ends the process, as always.
  expect(errors).toContain('of the application')
  expect(exitCode).toBe(1)
})
