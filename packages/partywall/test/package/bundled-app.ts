/**
 * The app that bundled.test.ts bundles. It makes two tenants, asks for their rows in every way a small app does, and prints what it saw
 * as one line of JSON. A refusal is printed the same way.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import express from 'express'
import { byHeader, createTenancy, tenancyErrorOf } from 'partywall'
import { tenantDrizzle } from 'partywall/drizzle'
import { tenancyErrors, tenantScope } from 'partywall/express'

const tenancy = createTenancy({
  database: process.env['DATABASE_URL'],
  migrations: { shared: false, tenant: 'notes' },
  resolve: [byHeader('x-tenant', { trusted: true })],
})

async function look(): Promise<object> {
  for (const schema of ['acme', 'globex']) {
    await tenancy.tenants.create({ schema })
    await tenancy.run(schema, () => tenancy.pool.query('insert into notes (text) values ($1)', [`of ${schema}`]))
  }
  const catalog = await tenancy.sharedPool.query('select name, checksum from partywall.migrations order by number')
  return {
    // Libraries know a pool by the name of its class.
    pool: tenancy.pool.constructor.name,
    isMinified: refusalOf.name.length < 3,
    catalog: catalog.rows,
    run: await both(async () => (await tenancy.pool.query('select text from notes')).rows),
    express: await throughExpress(),
    drizzle: await throughDrizzle(),
    outside: await tenancy.pool.query('select text from notes').catch(refusalOf),
  }
}

async function both(read: () => Promise<unknown>): Promise<unknown[]> {
  return Promise.all(['acme', 'globex'].map((schema) => tenancy.run(schema, read)))
}

async function throughExpress(): Promise<unknown[]> {
  const app = express()
  app.use(tenantScope(tenancy))
  app.get('/notes', async (_req, res) => void res.json((await tenancy.pool.query('select text from notes')).rows))
  app.use(tenancyErrors({ log: () => {} }))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ask = async (tenant: string) => {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/notes`, {
      headers: { 'x-tenant': tenant },
    })
    return answer.ok ? answer.json() : answer.status
  }
  const answers = await Promise.all(['acme', 'globex', 'unknown'].map(ask))
  server.close()
  server.closeAllConnections()
  return answers
}

async function throughDrizzle(): Promise<unknown[]> {
  const db = tenantDrizzle(tenancy, (client) => drizzle({ client }))
  return both(() => db.transaction(async (transaction) => (await transaction.execute(sql`select text, done from notes`)).rows))
}

function refusalOf(error: unknown): object {
  const refusal = tenancyErrorOf(error)
  if (refusal === undefined) throw error
  return { code: refusal.code, message: refusal.message }
}

// CommonJS has no await at the top.
async function main(): Promise<void> {
  const seen = await look().catch(refusalOf)
  await tenancy.close()
  console.log(JSON.stringify(seen))
}

void main()
