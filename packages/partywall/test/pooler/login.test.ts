import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTenancy, type Tenancy } from '../../src/index.ts'
import { tenantRole } from '../../src/names/role-name.ts'
import { passwordServer, type PasswordServer } from '../boundary/login-server.ts'
import { hasPgBouncer, startPgBouncer, withoutPgBouncer, type PgBouncer } from '../support/servers/pgbouncer.ts'

const whoami = (tenancy: Tenancy, schema: string): Promise<string> =>
  tenancy.run(schema, async () => (await tenancy.pool.query('select session_user as who')).rows[0].who)

describe.skipIf(!hasPgBouncer())(`the boundary login through PgBouncer (${withoutPgBouncer} if skipped)`, () => {
  let server: PasswordServer
  let pooler: PgBouncer
  const opened: Tenancy[] = []
  const open = (url: string, loginKey = 'k'.repeat(40)): Tenancy => {
    const tenancy = createTenancy({
      database: { connectionString: url, deploy: server.deploy, loginKey },
      boundary: 'login',
      migrations: { shared: false, tenant: false },
    })
    opened.push(tenancy)
    return tenancy
  }
  beforeAll(async () => {
    server = await passwordServer({})
    await server.admin.query(`create role pooler superuser login password 'pooler'`)
    pooler = await startPgBouncer(server.as('pooler', 'pooler'), 'transaction', 'scram-sha-256')
  }, 30_000)
  afterAll(async () => {
    await Promise.all(opened.map((tenancy) => tenancy.close()))
    await pooler.stop()
    await server.admin.end()
  })

  test('each tenant is served by server sessions of its own role, and a rotation is followed', async () => {
    const [tenancy, other] = [open(pooler.through(server.app)), open(pooler.through(server.app))]
    const [acme, globex] = await Promise.all(['acme', 'globex'].map((schema) => tenancy.tenants.create({ schema })))
    const seen = await Promise.all(['acme', 'globex', 'acme', 'globex'].map((schema) => whoami(tenancy, schema)))
    expect(seen).toEqual([acme!, globex!, acme!, globex!].map(({ id }) => tenantRole(id)))
    const kept = await other.tenants.get('globex')
    expect(await tenancy.boundary.rotate({ tenants: 'globex' })).toMatchObject({ ok: true })
    expect(await other.run(kept, async () => (await other.pool.query('select session_user as who')).rows)).toEqual([
      { who: seen[1] },
    ])
    await expect(whoami(open(pooler.through(server.app), 'w'.repeat(40)), 'acme')).rejects.toMatchObject({
      code: 'LOGIN_REFUSED',
      details: { schema: 'acme', reason: 'password' },
    })
  })
})
