/** Two tenants with the same table, in a tenancy of the test file, and the messages of the channels. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Client } from 'pg'
import { afterAll, onTestFinished } from 'vitest'
import { createTenancy, type Config, type Tenancy, type Tenant } from '../../src/index.ts'
import { testDatabase } from '../support/servers/database.ts'

export interface TwoObserved {
  readonly url: string
  readonly directUrl: string
  readonly tenancy: Tenancy
  readonly acme: Tenant
  readonly globex: Tenant
}

/** Each tenant has a table `items` with three rows. */
export async function twoObserved(config: Config = {}): Promise<TwoObserved> {
  const { url, directUrl } = await testDatabase()
  const tenancy = createTenancy({ migrations: { shared: false, tenant: false }, ...config, database: url })
  afterAll(() => tenancy.close())
  const [acme, globex] = [await tenancy.tenants.create({ schema: 'acme' }), await tenancy.tenants.create({ schema: 'globex' })]
  await onServer(directUrl, async (client) => {
    for (const { schema } of [acme, globex]) {
      await client.query(
        `create table ${schema}.items (id int primary key, owner text); insert into ${schema}.items select n, '${schema}' from generate_series(1, 3) n`,
      )
    }
  })
  return { url, directUrl, tenancy, acme, globex }
}

export async function onServer<T>(url: string, fn: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url)
  await client.connect()
  try {
    return await fn(client)
  } finally {
    await client.end()
  }
}

/** What a channel tells until the end of the test. */
export function heardOn<M>(name: string): M[] {
  const heard: M[] = []
  const note = (message: unknown): void => void heard.push(message as M)
  subscribe(`partywall:${name}`, note)
  onTestFinished(() => void unsubscribe(`partywall:${name}`, note))
  return heard
}
