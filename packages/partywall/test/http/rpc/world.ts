/** What the suites of tRPC and GraphQL Yoga have in common: tenants with members on a real server, and what a call says about where it ran. */
import { setTimeout as sleep } from 'node:timers/promises'
import { byHost, createTenancy } from '../../../src/index.ts'
import { testDatabase } from '../../support/servers/database.ts'

export const names = Array.from({ length: 20 }, (_, index) => `t${index}`)

export async function rpcWorld() {
  const { url } = await testDatabase()
  const tenancy = createTenancy({
    database: url,
    migrations: { shared: false, tenant: false },
    pool: { max: 8 },
    resolve: [byHost({ base: 'example.com' })],
    members: { roles: { admin: { can: ['polls.write'] } } },
  })
  for (const schema of [...names, 'paused', 'gone']) await tenancy.tenants.create({ schema })
  await tenancy.tenants.suspend('paused')
  await tenancy.tenants.archive('gone')
  await tenancy.members.add('t1', 'boss', { role: 'admin' })
  await tenancy.members.add('t1', 'plain')

  const scope = (): string => tenancy.tryCurrent()?.schema ?? 'none'
  /** The scope before and after a wait, and the schema that a query finds. */
  const where = async (): Promise<string> => {
    const before = scope()
    const { rows } = await tenancy.pool.query<{ schema: string }>('select current_schema() as schema')
    await sleep(1)
    return `${before} ${rows[0]!.schema} ${scope()}`
  }
  async function* stream(count = 4): AsyncGenerator<string> {
    for (let at = 0; at < count; at++) {
      await sleep(2)
      yield await where()
    }
  }
  return { url, tenancy, scope, where, stream }
}

export type RpcWorld = Awaited<ReturnType<typeof rpcWorld>>

export const whole = (name: string): string => `${name} ${name} ${name}`

/** Stands for a session that was verified. */
export const userHeader = 'x-session-of'
