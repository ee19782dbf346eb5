/** The files for PgBouncer of this folder: its configuration, and the function by which it looks up roles. */
import { randomBytes } from 'node:crypto'
import { chmod, chown, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { createTenancy } from 'partywall'
import { afterAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../packages/partywall/src/embedded/free-port.ts'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import { has, notInstalled, scratchFolder, start } from './program.ts'

const isThere = has('pgbouncer')
const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')

describe.skipIf(!isThere)(`PgBouncer${isThere ? '' : ` (${notInstalled('pgbouncer')})`}`, async () => {
  if (!isThere) return
  const { directUrl } = await testDatabase()
  const admin = new Client(directUrl)
  await admin.connect()
  afterAll(() => admin.end())
  // Roles belong to the whole server, which other tests use, too.
  const [lookup, app] = [`lookup_${randomBytes(4).toString('hex')}`, `app_${randomBytes(4).toString('hex')}`]
  await admin.query(named(await read('pgbouncer/auth-query.sql')).replace(':password', `'secret of the pooler'`))
  const { pathname, port: serverPort } = new URL(directUrl)
  await admin.query(
    `create role ${app} login password 'secret of the app'; grant create on database "${pathname.slice(1)}" to ${app}`,
  )
  await admin.query(`grant create on schema public to ${app}`)
  const port = await freePort()
  const folder = await scratchFolder()
  const ini = named(await read('pgbouncer/pgbouncer.ini'))
    .replace('port=5432', `port=${serverPort}`)
    .replace('listen_port = 6432', `listen_port = ${port}\nunix_socket_dir =`)
  const userlist = named(await read('pgbouncer/userlist.txt')).replace('replace-me', 'secret of the pooler')
  for (const [name, text] of Object.entries({ 'pgbouncer.ini': ini, 'userlist.txt': userlist }))
    await writeFile(join(folder, name), text, { mode: 0o644 })
  await chmod(folder, 0o755)
  const isRoot = process.getuid?.() === 0
  if (isRoot) await chown(folder, 65_534, 65_534)
  // It refuses to run as root.
  const asOther = isRoot ? 'setpriv --reuid=65534 --regid=65534 --clear-groups ' : ''
  const pooler = await start(`cd '${folder}' && exec ${asOther}pgbouncer pgbouncer.ini`, port)

  /** The names of the roles in the files, replaced. */
  function named(text: string): string {
    return text.replaceAll(/(?<=auth_user=|role |authorization |to |^")pgbouncer\b/gm, lookup)
  }

  const url = (user: string, password: string) =>
    `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}${pathname}`

  test('logs the application in by a look-up, and two tenants stay apart', async () => {
    await using tenancy = createTenancy({
      database: url(app, 'secret of the app'),
      migrations: { shared: false, tenant: false },
    })
    await tenancy.migrations.run()
    const { route, isolation } = await tenancy.probe()
    expect([route, isolation.proven]).toEqual([{ kind: 'pooler', mode: 'transaction' }, true])
    for (const schema of ['acme', 'globex']) await tenancy.tenants.create({ schema })
    for (const schema of ['acme', 'globex']) {
      await tenancy.run(schema, () => tenancy.pool.query(`create table products as select '${schema}' as name`))
    }
    for (const schema of ['acme', 'globex'])
      expect((await tenancy.run(schema, () => tenancy.pool.query('select name from products'))).rows).toEqual([{ name: schema }])
  })

  test('a wrong password, and a superuser, are refused', async () => {
    const superuser = new URL(directUrl)
    for (const [user, password] of [
      [app, 'a guess'],
      [superuser.username, superuser.password],
    ] as const) {
      const client = new Client(url(user, password))
      await expect(client.connect()).rejects.toThrow(/authentication failed|SASL|no such user/)
    }
    expect(pooler.log()).not.toContain('secret of the')
  })

  test('the role of the look-up reads no table of a tenant, and no one else looks up', async () => {
    const poolers = new Client(url(lookup, 'secret of the pooler').replace(`:${port}`, `:${serverPort}`))
    await poolers.connect()
    await expect(poolers.query('select * from acme.products')).rejects.toThrow(/permission denied/)
    await poolers.end()
    await expect(admin.query(`set role ${app}; select * from pgbouncer.lookup('${app}')`)).rejects.toThrow(/permission denied/)
    await admin.query('reset role')
  })
})
