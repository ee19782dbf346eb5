import { inspect } from 'node:util'
import pg, { type PoolConfig } from 'pg'
import { afterEach, expect, test, vi } from 'vitest'
import { spellOutConnectionString } from '../pool/secrets.ts'
import { loginConfig } from './login-config.ts'

afterEach(() => vi.unstubAllEnvs())

/** As pg-pool has its options. */
function poolOptions(config: PoolConfig): PoolConfig {
  const { options } = new pg.Pool(config)
  spellOutConnectionString(options)
  return options
}

const ways: Record<string, PoolConfig> = {
  'a connection string with a password': {
    connectionString: 'postgres://app:secret@db.example.com:5433/shop?application_name=web',
  },
  'a connection string without a password': { connectionString: 'postgres://app@db.example.com:5433/shop?application_name=web' },
  options: { host: 'db.example.com', port: 5433, database: 'shop', user: 'app', password: 'secret', application_name: 'web' },
  'options with a function for the password': {
    host: 'db.example.com',
    port: 5433,
    database: 'shop',
    user: 'app',
    password: async () => 'secret',
    application_name: 'web',
  },
}

test.each(Object.entries(ways))('%s: only the user and the password are those of the tenant', (_, config) => {
  vi.stubEnv('PGUSER', 'other')
  vi.stubEnv('PGPASSWORD', 'leaked')
  const { host, port, database, user, password, connectionParameters } = new pg.Client(
    loginConfig(poolOptions(config), 'partywall_x', 'derived'),
  ) as unknown as Record<string, unknown>
  expect({ host, port, database, user, password }).toEqual({
    host: 'db.example.com',
    port: 5433,
    database: 'shop',
    user: 'partywall_x',
    password: 'derived',
  })
  expect(connectionParameters).toMatchObject({ application_name: 'web', user: 'partywall_x', password: 'derived' })
})

test('a database that has the name of the user of the application stays that one', () => {
  expect(loginConfig(poolOptions({ user: 'app', host: 'localhost' }), 'partywall_x', 'derived').database).toBe('app')
})

test('the key of the TLS options is kept, and neither it nor the password is printed', () => {
  const options = poolOptions({ user: 'app', host: 'localhost', ssl: { ca: 'ca', key: 'private' } })
  const config = loginConfig(options, 'partywall_x', 'derived')
  expect((config.ssl as { key: string }).key).toBe('private')
  expect(inspect(config, { depth: 5 })).not.toMatch(/derived|private/)
})
