/** A server that calls another one by tRPC: a client that all requests share puts calls of two tenants into one batch, which has one tenant. */
import { createTRPCClient, httpBatchLink, httpLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { afterAll, expect, test } from 'vitest'
import { tenantMiddlewares } from '../../../src/http/trpc.ts'
import { names, rpcWorld } from './world.ts'

const { tenancy, where } = await rpcWorld()
afterAll(() => tenancy.close())

const t = initTRPC.create()
const { requireTenant } = tenantMiddlewares(tenancy)
const router = t.router({ who: t.procedure.use(requireTenant).query(async () => (await where()).split(' ')[1]!) })

/** Stands for the other server, whose tenant comes from a header. */
const fetch = (async (url: string, init: RequestInit) => {
  const req = new Request(url, init)
  return await tenancy.run(req.headers.get('x-tenant')!, async () => fetchRequestHandler({ endpoint: '/trpc', req, router }))
}) as never
const options = { url: 'http://other.example.com/trpc', fetch, headers: () => ({ 'x-tenant': tenancy.current().schema }) }
const batching = () => createTRPCClient<typeof router>({ links: [httpBatchLink(options)] })

/** The tenants whose call was answered for another one. */
async function mixed(clientOf: () => ReturnType<typeof batching>): Promise<string[]> {
  const answers = await Promise.all(names.map((name) => tenancy.run(name, () => clientOf().who.query())))
  return names.filter((name, index) => answers[index] !== name)
}

test('a naive client that all requests share answers for another tenant', async () => {
  const shared = batching()
  expect((await mixed(() => shared)).length).toBeGreaterThan(0)
})

test('a client for each request, and one without batches, do not', async () => {
  const single = createTRPCClient<typeof router>({ links: [httpLink(options)] })
  expect(await mixed(batching)).toEqual([])
  expect(await mixed(() => single)).toEqual([])
})
