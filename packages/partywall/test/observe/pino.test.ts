/** The tenant on each line of pino: that of the scope in which the line is written, with child loggers, with a transport, and in many requests at once. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import pino, { type LoggerOptions } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { tenantMixin } from '../../src/observe/pino.ts'
import { Scope } from '../../src/scope/scope.ts'
import { plainTenant } from '../support/tenants/plain-tenant.ts'

const scope = new Scope()
const tenancy = { scope: () => scope.value() }
const [acme, globex] = [plainTenant(1, 'acme'), plainTenant(2, 'globex')]

function logged(options: LoggerOptions = { mixin: tenantMixin(tenancy) }) {
  const lines: Record<string, unknown>[] = []
  const logger = pino(
    { base: null, timestamp: false, ...options },
    new Writable({
      write: (chunk: Buffer, _, done) => (lines.push(JSON.parse(String(chunk)) as Record<string, unknown>), done()),
    }),
  )
  return { logger, lines }
}

test('a line has the tenant of its scope, nested scopes too, the shared one is marked, and outside there is nothing', () => {
  const { logger, lines } = logged()
  logger.info('outside')
  scope.run(acme, () => {
    logger.info('acme')
    scope.run(globex, () => logger.warn({ rows: 3 }, 'globex'))
    scope.runShared(() => logger.info('shared'))
    scope.runOutside(() => logger.info('outside again'))
    logger.info('acme again')
  })
  expect(lines).toEqual([
    { level: 30, msg: 'outside' },
    { level: 30, tenantId: acme.id, tenantSchema: 'acme', msg: 'acme' },
    { level: 40, tenantId: globex.id, tenantSchema: 'globex', rows: 3, msg: 'globex' },
    { level: 30, scope: 'shared', msg: 'shared' },
    { level: 30, msg: 'outside again' },
    { level: 30, tenantId: acme.id, tenantSchema: 'acme', msg: 'acme again' },
  ])
})

test('a child logger that was made for one tenant does not keep it; one with bound properties does', () => {
  const { logger, lines } = logged()
  const child = scope.run(acme, () => logger.child({ part: 'mail' }))
  // The naive way: the tenant as a property of the child.
  const naive = scope.run(acme, () => logger.child({ bound: scope.current().schema }))
  scope.run(globex, () => (child.info('child'), naive.info('naive')))
  expect(lines).toMatchObject([
    { part: 'mail', tenantSchema: 'globex' },
    { bound: 'acme', tenantSchema: 'globex' },
  ])
})

test('lines of many requests at the same time are never mixed up', async () => {
  const { logger, lines } = logged()
  await Promise.all(
    Array.from({ length: 200 }, (_, number) =>
      scope.run(number % 2 === 0 ? acme : globex, async () => {
        await new Promise((resolve) => setImmediate(resolve))
        logger.info({ expected: number % 2 === 0 ? 'acme' : 'globex' })
        await Promise.resolve()
        logger.info({ expected: number % 2 === 0 ? 'acme' : 'globex' })
      }),
    ),
  )
  expect(lines).toHaveLength(400)
  expect(lines.filter(({ expected, tenantSchema }) => expected !== tenantSchema)).toEqual([])
})

test('a transport in a thread of its own gets the tenant, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-pino-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const transport = pino.transport({ target: 'pino/file', options: { destination: join(folder, 'log') } })
  const logger = pino({ mixin: tenantMixin(tenancy) }, transport)
  scope.run(globex, () => logger.info('from a thread'))
  await new Promise((resolve) => (transport.on('close', resolve), transport.end()))
  expect(JSON.parse(await readFile(join(folder, 'log'), 'utf8'))).toMatchObject({ tenantId: globex.id, tenantSchema: 'globex' })
})

test('keys can be renamed or left out, and a mixin that exists is kept, also when it throws', () => {
  const { logger, lines } = logged({
    mixin: tenantMixin(tenancy, {
      id: 'tenant',
      schema: false,
      shared: false,
      mixin: (given) => {
        if ('fail' in given) throw new Error('the mixin of the application')
        return { request: 7, tenant: 'forged' }
      },
    }),
  })
  scope.run(acme, () => (logger.info('one'), logger.info({ fail: true })))
  scope.runShared(() => logger.info('two'))
  expect(lines).toEqual([
    { level: 30, request: 7, tenant: acme.id, msg: 'one' },
    { level: 30, tenant: acme.id, fail: true },
    { level: 30, request: 7, tenant: 'forged', msg: 'two' },
  ])
})

test.each([
  [undefined, {}, 'tenancy'],
  [{}, {}, 'tenancy'],
  [tenancy, { tenant: 'x' }, 'tenant'],
  [tenancy, { id: 7 }, 'id'],
  [tenancy, { schema: '' }, 'schema'],
  [tenancy, { mixin: {} }, 'mixin'],
])('%j with %j is refused, and the option is named', (given, options, option) => {
  expect(() => tenantMixin(given as never, options as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', details: expect.objectContaining({ option }) }),
  )
})
