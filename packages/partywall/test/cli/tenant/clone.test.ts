/** `tenant clone` and `tenant create --clone-from`. */
import { Client } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../../support/servers/database.ts'
import { expectFailure, project } from '../partywall.ts'

const { url, directUrl } = await testDatabase()

test('tenant clone shows its plan, copies with masks, and says what it left empty', { timeout: 60_000 }, async () => {
  const { run } = await project(url, {
    'migrations/tenant/0001_users.sql':
      'create table users (id serial primary key, email text, password_hash text); create table sessions (token text)',
  })
  await run('tenant create acme')
  const admin = new Client(directUrl)
  await admin.connect()
  onTestFinished(() => admin.end())
  await admin.query(`insert into acme.users (email) values ('ada@example.com'); insert into acme.sessions values ('s3cret')`)
  const call = 'tenant clone acme staging --mask users.email=email --mask'.split(' ')
  const [planned, plain, wrong, bare] = await Promise.all([
    run('tenant clone acme staging --plan --json'),
    run('tenant clone acme staging --plan'),
    run('tenant clone acme staging --mask users.mail=email --json'),
    run('tenant create bare --clone-from acme --json'),
  ])
  expect(planned).toMatchObject({
    code: 0,
    json: { source: 'acme', schema: 'staging', mayHoldSecrets: ['users.password_hash'], refused: [] },
  })
  expect(plain.stdout).toMatch(/sessions +.*empty/)
  expect(expectFailure(wrong, 2, 'INVALID_ARGUMENT').message).toContain('Did you mean "users.email"?')
  expect(bare).toMatchObject({ code: 0, json: { schema: 'bare', migrations: { applied: 1, pending: [] } } })
  const cloned = await run([...call, 'users.password_hash=sql:upper(email)', '--json'])
  expect(cloned).toMatchObject({
    code: 0,
    json: { schema: 'staging', empty: ['sessions'], mayHoldSecrets: [], sharedRows: [], remarks: [], migrations: { applied: 1 } },
  })
  expect(cloned.stderr).toContain('left empty: sessions')
  const { rows } = await admin.query('select email, password_hash from staging.users')
  expect(rows).toEqual([{ email: expect.stringMatching(/^[0-9a-f]{32}@masked\.invalid$/), password_hash: 'ADA@EXAMPLE.COM' }])
})
