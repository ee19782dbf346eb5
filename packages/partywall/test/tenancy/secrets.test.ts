/** A password or a key appears neither in a log nor in an inspected object, however the database was configured. */
import { inspect } from 'node:util'
import { createTenancy, type Config } from 'partywall'
import { describe, expect, test } from 'vitest'

describe.each<[string, Config['database']]>([
  ['a connection string', 'postgres://me:s3cret@127.0.0.1:1/none'],
  ['a password of the options', { host: '127.0.0.1', port: 1, user: 'me', password: 's3cret', database: 'none' }],
  ['a connection string in the options', { connectionString: 'postgres://me:s3cret@127.0.0.1:1/none' }],
  ['the key of a certificate', { host: '127.0.0.1', port: 1, ssl: { key: 's3cret' } }],
])('a tenancy with %s', (_, database) => {
  test('shows no secret when it, its options or its database is inspected or stringified', async () => {
    await using tenancy = createTenancy({ database })
    expect(inspect(tenancy, { depth: 10, showHidden: true })).not.toContain('s3cret')
    expect(inspect(tenancy.options, { depth: 10 })).not.toContain('s3cret')
    expect(inspect(tenancy.database, { depth: 10 })).not.toContain('s3cret')
    expect(JSON.stringify(tenancy.options) + String(tenancy)).not.toContain('s3cret')
    expect(tenancy.options).not.toHaveProperty('database')
  })

  test('returns the secret from database.connectionConfig(), for programs that connect themselves', async () => {
    await using tenancy = createTenancy({ database })
    // node-postgres hides the key of a certificate from JSON, and keeps it.
    expect(inspect(await tenancy.database.connectionConfig(), { depth: 5, showHidden: true })).toContain('s3cret')
    expect(tenancy.database.isEmbedded).toBe(false)
  })

  test('reports a failed connection without the secret', async () => {
    await using tenancy = createTenancy({ database })
    const error = await tenancy.ready().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('s3cret')
  })
})

describe.each<[string, unknown]>([
  ['as the config itself', 'postgres://me:s3cret@127.0.0.1/db'],
  ['as pool', { pool: 'postgres://me:s3cret@127.0.0.1/db' }],
  ['as pool.max', { pool: { max: 's3cret' } }],
  ['as tenantCacheMs', { tenantCacheMs: 's3cret' }],
  ['as includeShared', { includeShared: 's3cret' }],
  ['as outsideScope', { outsideScope: 's3cret' }],
  ['as resolve', { resolve: 'postgres://me:s3cret@127.0.0.1/db' }],
  ['as tenant.attributes', { tenant: { attributes: 's3cret' } }],
  ['in a list as database', { database: ['postgres://me:s3cret@127.0.0.1/db'] }],
])('a secret %s', (_, config) => {
  test('is refused with INVALID_OPTION and is not in the error', () => {
    const message = expect.stringMatching(/^The (?:option "[a-zA-Z.]+"|config) must be (?!.*s3cret)/)
    expect(() => createTenancy(config as Config)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message }))
  })
})

test('database.connectionConfig returns a copy: a change to it does not reach the connections of the tenancy', async () => {
  const given = { host: '127.0.0.1', port: 1, ssl: { key: 's3cret', servername: 'db.example.com' } }
  await using tenancy = createTenancy({ database: given })
  // node-postgres makes the key non-enumerable when it makes a connection.
  await tenancy.ready().catch(() => {})
  const first = (await tenancy.database.connectionConfig()) as typeof given
  expect(first.ssl.key).toBe('s3cret')
  first.host = 'other.example.com'
  first.ssl.servername = 'other.example.com'
  const second = (await tenancy.database.connectionConfig()) as typeof given
  expect([second.host, second.ssl.servername, second.ssl.key]).toEqual(['127.0.0.1', 'db.example.com', 's3cret'])
})
