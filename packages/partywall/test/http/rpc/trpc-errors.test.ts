/** What a client of tRPC gets to read of errors: what the application says to it, and nothing of what a database says. */
import { initTRPC, TRPCError } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { tenancyErrors, tenantMiddlewares } from '../../../src/http/trpc.ts'
import { rpcWorld } from './world.ts'

const { tenancy } = await rpcWorld()
afterAll(() => tenancy.close())

const log = vi.fn<(error: Error) => void>()
afterEach(() => log.mockClear())
/** Rejects with a message that names what a stranger must not learn. */
const fromDatabase = () => tenancy.pool.query('select * from secret_table')
const refused = () => tenancy.run('missing', () => {})
const inMaintenance = () => tenancy.run('repaired', () => {})
await tenancy.tenants.create({ schema: 'repaired' })
await tenancy.tenants.setMaintenance('repaired')

function routerOf(errorFormatter?: ReturnType<typeof tenancyErrors>) {
  const t = initTRPC.context<object>().create({ isDev: true, ...(errorFormatter && { errorFormatter }) })
  const { requireMember, requireTenant } = tenantMiddlewares(tenancy, { user: () => 'boss' })
  const caught = (fn: () => Promise<unknown>, code: TRPCError['code'], message?: string) =>
    t.procedure.query(() =>
      fn().catch((cause: unknown) => {
        throw new TRPCError({ code, cause, ...(message !== undefined && { message }) })
      }),
    )
  return t.router({
    validator: t.procedure.input(async (value: unknown) => fromDatabase().then(() => value)).query(() => 1),
    output: t.procedure.output(async (value: unknown) => fromDatabase().then(() => value)).query(() => 1),
    caught: caught(fromDatabase, 'CONFLICT'),
    gateway: caught(fromDatabase, 'BAD_GATEWAY'),
    own: caught(fromDatabase, 'CONFLICT', 'The name is taken.'),
    ownRefusal: caught(refused, 'CONFLICT', 'The other site is gone.'),
    refusal: caught(refused, 'CONFLICT'),
    input: t.procedure.input(z.object({ a: z.number() })).query(() => 1),
    bare: t.procedure.query(() => {
      throw new TRPCError({ code: 'FORBIDDEN' })
    }),
    nothing: t.procedure.query(() => {
      // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- libraries do
      throw undefined
    }),
    text: t.procedure.query(() => {
      // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- libraries do
      throw 'secret text'
    }),
    maintenance: t.procedure.query(inMaintenance),
    chunks: t.procedure.query(async function* () {
      yield 1
      await fromDatabase()
    }),
    mine: t.procedure.use(requireMember({ can: 'polls.write' })).query(({ ctx }) => ctx.member.userId),
    misspelt: t.procedure.use(requireMember({ role: 'admin' } as never)).query(() => 'in'),
    tenant: t.procedure.use(requireTenant).query(() => 'in'),
  })
}
const router = routerOf(tenancyErrors({ log, retryAfterMs: 1_500 }))

interface Told {
  readonly status: number
  readonly text: string
  readonly json: any
}

async function ask(
  path: string,
  { of = router, createContext = (): object => ({}), more = '', headers = {} } = {},
): Promise<Told> {
  const req = new Request(`http://t1.example.com/trpc/${path}?input=${encodeURIComponent('"x"')}${more}`, { headers })
  return await tenancy.run('t1', async () => {
    const response = await fetchRequestHandler({
      endpoint: '/trpc',
      req,
      router: of as never,
      createContext: createContext as never,
    })
    const text = await response.text()
    return { status: response.status, text, json: text.startsWith('{"error"') ? JSON.parse(text).error : undefined }
  })
}

test.each([
  ['validator', 400, 'BAD_REQUEST', 'Bad Request'],
  ['caught', 409, 'CONFLICT', 'Conflict'],
  ['gateway', 502, 'BAD_GATEWAY', 'Bad Gateway'],
  ['nothing', 500, 'INTERNAL_SERVER_ERROR', 'Internal Server Error'],
  ['text', 500, 'INTERNAL_SERVER_ERROR', 'Internal Server Error'],
])('the error of a database in %s keeps its message, which is logged, and has no stack', async (path, status, code, message) => {
  const told = await ask(path)
  expect([told.status, told.json.message, told.json.data.code]).toEqual([status, message, code])
  expect(told.text).not.toMatch(/secret|stack/)
  expect(log).toHaveBeenCalledTimes(1)
})

test('without the formatter tRPC sends it, also where a validator or a code of the application stands around it', async () => {
  for (const path of ['validator', 'caught', 'text']) expect((await ask(path, { of: routerOf() })).text).toContain('secret')
})

test.each([
  ['own', 409, 'The name is taken.'],
  ['ownRefusal', 409, 'The other site is gone.'],
  ['bare', 403, 'FORBIDDEN'],
  ['output', 500, 'Output validation failed'],
])('%s is sent in the words of the application', async (path, status, message) => {
  const { json } = await ask(path)
  expect([json.data.httpStatus, json.message, json.data.problem]).toEqual([status, message, undefined])
})

test('a refusal without words of the application is answered by its code', async () => {
  expect((await ask('refusal')).json.data).toMatchObject({ code: 'NOT_FOUND', problem: 'UNKNOWN_TENANT' })
})

test('what a validator says about the input is sent, and not logged', async () => {
  const { status, json } = await ask('input')
  expect([status, JSON.parse(json.message)[0].message]).toEqual([400, 'Invalid input: expected object, received string'])
  expect(log).not.toHaveBeenCalled()
})

test('a tenant in maintenance is answered with the seconds of retryAfterMs', async () => {
  expect((await ask('maintenance')).json.data).toMatchObject({ httpStatus: 503, problem: 'TENANT_MAINTENANCE', retryAfter: 2 })
})

test('a late error of a streamed answer says nothing', async () => {
  const { text } = await ask('chunks', { more: '&batch=1', headers: { 'trpc-accept': 'application/jsonl' } })
  expect(text).toContain('"problem":"INTERNAL_ERROR"')
  expect(text).not.toMatch(/secret|stack/)
})

test('an error of createContext says nothing', async () => {
  const { status, text } = await ask('tenant', { createContext: fromDatabase as never })
  expect([status, text.includes('secret')]).toEqual([500, false])
})

test('a frozen context, and none, are no obstacle for a member', async () => {
  for (const context of [Object.freeze({ a: 1 }), undefined]) {
    const { text } = await ask('mine', { createContext: (() => context) as never })
    expect(text).toBe('{"result":{"data":"boss"}}')
  }
})

test('a requirement that is misspelt lets no one in', async () => {
  expect((await ask('misspelt')).status).toBe(500)
  expect(String(log.mock.lastCall![0])).toContain('does not know "role"')
})

test('a caller on the server reads a sentence', async () => {
  const caller = initTRPC.create().createCallerFactory(router as never)({}) as unknown as { tenant(): Promise<unknown> }
  await expect(caller.tenant()).rejects.toThrow(/^The request names no tenant/)
})

test.each([undefined, null, {}, 'tenancy'])('%j is refused in place of a tenancy, at the start', (given) => {
  expect(() => tenantMiddlewares(given as never)).toThrow(/^tenantMiddlewares takes a tenancy first/)
})
