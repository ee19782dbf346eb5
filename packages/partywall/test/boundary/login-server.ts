/** A server that asks each login except that of the superuser for its password, as servers in production do. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { ownServer } from '../support/servers/own-server.ts'
import { leastPrivilege, type LeastPrivilege } from '../support/tenants/least-privilege.ts'

export interface PasswordServer extends LeastPrivilege {
  /** As a superuser. */
  readonly admin: Client
  readonly adminUrl: string
  /** The same address with another user and password. */
  as(user: string, password: string): string
}

export async function passwordServer(settings: Readonly<Record<string, string>>): Promise<PasswordServer> {
  const { url } = await ownServer(settings)
  const admin = new Client(url)
  admin.on('error', () => {})
  await admin.connect()
  const { rows } = await admin.query<{ directory: string; me: string }>(
    `select current_setting('data_directory') as directory, current_user::text as me`,
  )
  const { directory, me } = rows[0]!
  const rules = `host all ${me} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n`
  await writeFile(join(directory, 'pg_hba.conf'), rules)
  await admin.query('select pg_reload_conf()')
  const as = (user: string, password: string): string => {
    const changed = new URL(url)
    changed.username = user
    changed.password = password
    return changed.href
  }
  return { ...(await leastPrivilege(url, url)), admin, adminUrl: url, as }
}
