import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { TenancyError } from '../../errors.ts'
import { Scope } from '../../scope/scope.ts'
import { plainTenant } from '../../../test/support/tenants/plain-tenant.ts'
import { problemAnswer, type HttpAnswer } from './problem.ts'
import { codeOf, SocketScope, type SocketScopeParts } from './socket-scope.ts'

const scope = new Scope()
const [acme, renamed] = [plainTenant(1, 'acme'), plainTenant(1, 'renamed')]
const schema = (): string => scope.tryCurrent()?.schema ?? 'none'

function socketScope(parts: Partial<SocketScopeParts> = {}) {
  const ended: unknown[] = []
  const own = scope.run(
    acme,
    () =>
      new SocketScope({
        bind: (fn) => scope.bind(fn),
        admission: { again: (async (fn: () => unknown) => await scope.run(acme, fn)) as never },
        guard: async () => undefined,
        recheckMs: 5,
        end: (answer, error) => void ended.push(codeOf(answer), ...(error === undefined ? [] : [error])),
        ...parts,
      }),
  )
  onTestFinished(() => own.stop())
  return { own, ended }
}

const admission = (again: (fn: () => unknown) => unknown): SocketScopeParts['admission'] => ({ again: again as never })

test('work keeps its order, although each entry takes another time, and what comes after waits for it', async () => {
  const waits = [8, 1, 4]
  const { own } = socketScope({
    admission: admission(async (fn) => {
      await wait(waits.shift())
      return scope.run(renamed, fn)
    }),
  })
  const seen: string[] = []
  own.after(() => seen.push(`first ${schema()}`))
  for (const name of ['one', 'two', 'three']) own.take(() => seen.push(`${name} ${schema()}`))
  own.after(() => seen.push(`last ${schema()}`))
  await expect.poll(() => seen).toEqual(['first acme', 'one renamed', 'two renamed', 'three renamed', 'last renamed'])
  expect(own.here(schema)).toBe('renamed')
})

test('a refusal ends the socket once: what waits behind it is not run, and the end is told', async () => {
  const refused = new TenancyError('TENANT_SUSPENDED', 'suspended', { details: { schema: 'acme', status: 'suspended' } })
  const { own, ended } = socketScope({ admission: admission(() => Promise.reject(refused)) })
  const seen: string[] = []
  own.take(() => seen.push('one'))
  own.take(() => seen.push('two'))
  own.after(() => seen.push('closed'))
  await expect.poll(() => seen).toEqual(['closed'])
  own.take(() => seen.push('three'))
  await wait(5)
  expect(seen).toEqual(['closed'])
  expect(ended).toEqual(['TENANT_SUSPENDED', refused])
})

test('a user who is no member any more ends it, too', async () => {
  const answers: (HttpAnswer | undefined)[] = [undefined, problemAnswer('SIGN_IN_REQUIRED')]
  const { own, ended } = socketScope({ guard: async () => answers.shift() })
  const seen: string[] = []
  for (const name of ['one', 'two']) own.take(() => seen.push(name))
  await expect.poll(() => ended).toEqual(['SIGN_IN_REQUIRED'])
  expect(seen).toEqual(['one'])
})

test('more messages than a thousand that wait for a lookup end it', async () => {
  const never = Promise.withResolvers<never>()
  const { own, ended } = socketScope({ admission: admission(() => never.promise) })
  for (let count = 0; count < 1000; count++) own.take(() => {})
  expect(ended).toEqual([])
  own.take(() => {})
  own.take(() => {})
  expect(ended).toEqual(['UNAVAILABLE'])
})

test('a socket that says nothing is looked at: a refusal ends it, a lookup that fails does not', async () => {
  const answers = ['fails', 'fails', 'refuses']
  let count = 0
  const { own, ended } = socketScope({
    admission: admission(async () => {
      count++
      if (answers.shift() === 'fails') throw new Error('no answer')
      throw new TenancyError('TENANT_MAINTENANCE', 'closed', { details: { schema: 'acme', status: 'maintenance' } })
    }),
  })
  own.watch()
  await expect.poll(() => ended[0]).toBe('TENANT_MAINTENANCE')
  await wait(20)
  expect(count).toBe(3)
})

test('a message whose lookup fails ends it', async () => {
  const failure = new Error('no answer')
  const { own, ended } = socketScope({ admission: admission(() => Promise.reject(failure)) })
  own.take(() => {})
  await expect.poll(() => ended).toEqual(['INTERNAL_ERROR', failure])
})

test('the code of a page of the application is not known', () => {
  expect(codeOf({ status: 404, headers: {}, body: '<h1>Not found</h1>' })).toBeUndefined()
  expect(codeOf({ status: 404, headers: {}, body: '{"code":404}' })).toBeUndefined()
})
