/**
 * A database as an operator sets it up who gives each role as little as it needs: the application logs in as a role that owns nothing and inherits nothing,
 * and another role makes schemas, tables and roles. Roles belong to the whole server, so their names are random. They are dropped with the database.
 */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { identifier } from '../../../src/names/identifier.ts'

export interface LeastPrivilege {
  /** Connection strings: for the application, on the given route, and for the deploy role, directly. */
  readonly app: string
  readonly deploy: string
  readonly appRole: string
  readonly deployRole: string
}

/**
 * @param adminUrl of a superuser
 * @param appUrl how the application reaches the same database
 * @param keepsSetConfig leaves the function set_config to everyone, so a function of a tenant can disturb its session
 */
export async function leastPrivilege(adminUrl: string, appUrl: string, keepsSetConfig = false): Promise<LeastPrivilege> {
  const admin = new Client(adminUrl)
  await admin.connect()
  const { rows } = await admin.query<{ name: string }>('select current_database() as name')
  const { name } = rows[0]!
  const ofThis = `pwt_${randomBytes(6).toString('hex')}`
  const [appRole, deployRole] = [`${ofThis}_app`, `${ofThis}_deploy`]
  const [app, deploy, database] = [appRole, deployRole, name].map((one) => identifier(one!))
  await admin.query(`
    create role ${app} login noinherit password 'app';
    create role ${deploy} login createrole password 'deploy';
    grant connect, create on database ${database} to ${deploy};
    grant create on schema public to ${deploy};
    revoke create on schema public from public;
  `)
  if (!keepsSetConfig) {
    await admin.query(`
      revoke execute on function pg_catalog.set_config(text, text, boolean) from public;
      grant execute on function pg_catalog.set_config(text, text, boolean) to ${app};
      grant execute on function pg_catalog.set_config(text, text, boolean) to ${deploy} with grant option;
    `)
  }
  await admin.end()
  return { app: as(appUrl, appRole, 'app'), deploy: as(adminUrl, deployRole, 'deploy'), appRole, deployRole }
}

function as(url: string, user: string, password: string): string {
  const changed = new URL(url)
  changed.username = user
  changed.password = password
  return changed.href
}
