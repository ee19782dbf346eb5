/** Spans and statements carry their own tenant, with the SDK of OpenTelemetry, and with a tool that patches node-postgres as its instrumentation does. */
import { context, propagation, trace, SpanStatusCode } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import pg from 'pg'
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createTenancy } from '../../src/index.ts'
import { sqlComments, TenantSpanProcessor, traceTenancy } from '../../src/observe/opentelemetry/opentelemetry.ts'
import { folderForTest } from '../support/tenants/registry.ts'
import { onServer, twoObserved } from './two.ts'

const { url, directUrl, tenancy, acme, globex } = await twoObserved()
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
afterAll(() => context.disable())
const exporter = new InMemorySpanExporter()
const tracerOf = (
  ...processors: ConstructorParameters<typeof BasicTracerProvider>[0] extends infer C
    ? NonNullable<C extends { spanProcessors?: infer P } ? P : never>
    : never
) => new BasicTracerProvider({ spanProcessors: [...processors, new SimpleSpanProcessor(exporter)] }).getTracer('test')
beforeEach(() => exporter.reset())

const spans = (name?: string): ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => name === undefined || span.name === name)

test('a span has the tenant of the scope in which it was started, the shared scope is marked, and outside there is nothing', async () => {
  const tracer = tracerOf(new TenantSpanProcessor(tenancy))
  const span = (name: string): void => tracer.startSpan(name).end()
  span('outside')
  await tenancy.run(acme, async () => {
    span('acme')
    await tenancy.run(globex, () => span('globex'))
    await tenancy.runShared(() => span('shared'))
  })
  expect(spans().map(({ name, attributes }) => [name, attributes])).toEqual([
    ['outside', {}],
    ['acme', { 'partywall.tenant.id': acme.id, 'partywall.tenant.schema': 'acme' }],
    ['globex', { 'partywall.tenant.id': globex.id, 'partywall.tenant.schema': 'globex' }],
    ['shared', { 'partywall.scope': 'shared' }],
  ])
})

/** As @opentelemetry/instrumentation-pg does it: `pg.Client.prototype.query` is wrapped. */
function instrument(tracer: ReturnType<typeof tracerOf>): void {
  const original = pg.Client.prototype.query as unknown as (...args: unknown[]) => unknown
  const patched = function (this: unknown, ...args: unknown[]): unknown {
    const text = typeof args[0] === 'string' ? args[0] : (args[0] as { text?: string }).text
    tracer.startSpan('pg.query', { attributes: { 'db.query.text': text ?? '' } }).end()
    return Reflect.apply(original, this, args)
  }
  pg.Client.prototype.query = patched as never
  onTestFinished(() => void (pg.Client.prototype.query = original as never))
}

/** Statements on one connection, each with the name of its tenant in its text; and the tenants of the spans. */
async function queries(on: typeof tenancy): Promise<(readonly [text: string, tenant: unknown, parent: unknown])[]> {
  const [first, second] = [await on.tenants.get('acme'), await on.tenants.get('globex')]
  const tracer = tracerOf()
  exporter.reset()
  await Promise.all(
    Array.from({ length: 20 }, (_, number) => {
      const tenant = number % 2 === 0 ? first : second
      return on.run(tenant, () =>
        tracer.startActiveSpan(tenant.schema, async (span) => {
          await on.pool.query(`select '${tenant.schema}' as of`)
          span.end()
        }),
      )
    }),
  )
  const parents = new Map(spans().map((span) => [span.spanContext().spanId, span.name]))
  return spans('pg.query')
    .filter(({ attributes }) => String(attributes['db.query.text']).startsWith("select '"))
    .map(({ attributes, parentSpanContext }) => [
      String(attributes['db.query.text']).split("'")[1]!,
      attributes['partywall.tenant.schema'],
      parents.get(parentSpanContext?.spanId ?? ''),
    ])
}

const inBaggage = (): string | undefined => propagation.getActiveBaggage()?.getEntry('partywall.tenant.id')?.value

const sent = async (send: () => Promise<{ rows: { text: string }[] }>): Promise<string> =>
  (await tenancy.run(acme, send)).rows[0]!.text

describe('with a tool that starts a span when node-postgres sends', () => {
  test('each statement has the tenant and the parent of its caller, also when another tenant gave the connection back', async () => {
    const narrow = createTenancy({ database: url, migrations: { shared: false, tenant: false }, pool: { max: 1 } })
    onTestFinished(() => narrow.close())
    instrument(tracerOf(new TenantSpanProcessor(narrow)))
    const seen = await queries(narrow)
    expect(seen).toHaveLength(20)
    expect(seen.filter(([of, tenant, parent]) => of !== tenant || of !== parent)).toEqual([])
  })

  test('a processor that only reads the scope mixes them up', async () => {
    const narrow = createTenancy({ database: url, migrations: { shared: false, tenant: false }, pool: { max: 1 } })
    onTestFinished(() => narrow.close())
    const naive = {
      onStart: (span: { setAttribute(key: string, value: string): unknown }) =>
        void span.setAttribute('partywall.tenant.schema', narrow.tryCurrent()?.schema ?? 'none'),
      onEnd() {},
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    }
    instrument(tracerOf(naive))
    const seen = await queries(narrow)
    expect(seen.filter(([of, tenant]) => of !== tenant).length).toBeGreaterThan(0)
  })
})

test('a scope has a span when asked, whose children are in it; its failure has a code and no message', async () => {
  const tracer = tracerOf()
  const stop = traceTenancy(tenancy, { scopes: true, tracer })
  onTestFinished(stop)
  await tenancy.run(acme, async () => tracer.startSpan('child').end())
  const [child, scope] = spans()
  expect(scope).toMatchObject({ name: 'partywall.scope', attributes: { 'partywall.tenant.schema': 'acme' } })
  expect(child!.parentSpanContext?.spanId).toBe(scope!.spanContext().spanId)
  exporter.reset()
  await expect(tenancy.run(acme, () => Promise.reject(new TypeError('secret row')))).rejects.toThrow('secret row')
  const [failed] = spans('partywall.scope')
  expect(failed).toMatchObject({ status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'TypeError' } })
  expect(JSON.stringify([failed!.attributes, failed!.events, failed!.status])).not.toContain('secret')
  expect(() => traceTenancy(tenancy, { baggage: true })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  stop()
  exporter.reset()
  await tenancy.run(acme, () => {})
  expect(spans()).toEqual([])
})

test('the baggage has the tenant only when asked, and not in a shared scope inside of one', async () => {
  const processor = tracerOf(new TenantSpanProcessor(tenancy))
  processor.startSpan('x').end()
  expect(await tenancy.run(acme, inBaggage)).toBeUndefined()
  const stop = traceTenancy(tenancy, { baggage: true })
  onTestFinished(stop)
  expect(await tenancy.run(acme, inBaggage)).toBe(acme.id)
  expect(await tenancy.run(acme, () => tenancy.run(globex, inBaggage))).toBe(globex.id)
  expect(await tenancy.run(acme, () => tenancy.runShared(inBaggage))).toBeUndefined()
  expect(inBaggage()).toBeUndefined()
})

test('a run of migrations has a span with one for each schema, also for those that fail', async () => {
  const root = await folderForTest({
    'migrations/tenant/0001_a.sql': 'create table traced (id int);',
    'migrations/shared/.keep': '',
  })
  const migrating = createTenancy({ database: url, root })
  onTestFinished(() => migrating.close())
  await onServer(directUrl, (admin) => admin.query('create table globex.traced (id int)'))
  onTestFinished(
    async () => void (await onServer(directUrl, (admin) => admin.query('drop table if exists acme.traced, globex.traced'))),
  )
  const stop = traceTenancy(migrating, { migrations: true, tracer: tracerOf() })
  onTestFinished(stop)
  const report = await migrating.migrations.run({ onFailure: 'continue' } as never).catch(() => migrating.migrations.run())
  expect(report.ok).toBe(false)
  const [run] = spans('partywall.migrations')
  const schemas = spans('partywall.migrations.schema')
  expect(run!.status.code).toBe(SpanStatusCode.ERROR)
  expect(schemas.length).toBeGreaterThan(0)
  expect(
    schemas.every(({ parentSpanContext }) =>
      spans('partywall.migrations').some((one) => one.spanContext().spanId === parentSpanContext?.spanId),
    ),
  ).toBe(true)
  const failed = schemas.find(({ status }) => status.code === SpanStatusCode.ERROR)
  expect(failed?.attributes).toMatchObject({ 'partywall.tenant.schema': 'globex', 'error.type': 'MIGRATION_FAILED' })
})

describe('comments behind statements', () => {
  const current = 'select current_query() as text'
  test('name the tenant and the trace, in the form of sqlcommenter', async () => {
    const stop = sqlComments(tenancy)
    onTestFinished(stop)
    const tracer = tracerOf()
    const text = await tracer.startActiveSpan('request', async (span) => {
      const seen = await sent(() => tenancy.pool.query(current))
      const { traceId, spanId } = span.spanContext()
      expect(seen).toBe(`${current} /*tenant='acme',traceparent='00-${traceId}-${spanId}-01'*/`)
      return seen
    })
    expect(text).toContain('traceparent')
    expect(await sent(() => tenancy.pool.query({ text: `${current} where $1`, values: [true] }))).toBe(
      `${current} where $1 /*tenant='acme'*/`,
    )
    expect(
      await sent(() =>
        tenancy.pool
          .query({ text: current, rowMode: 'array' })
          .then(({ rows }) => ({ rows: [{ text: String((rows as unknown as string[][])[0]![0]) }] })),
      ),
    ).toContain("/*tenant='acme'*/")
    stop()
    expect(await sent(() => tenancy.pool.query(current))).toBe(current)
  })

  test('are not on named statements, which stay prepared, nor on BEGIN; a client that is checked out has them', async () => {
    onTestFinished(sqlComments(tenancy, { tenant: 'id' }))
    await tenancy.run(acme, async () => {
      const client = await tenancy.pool.connect()
      try {
        await client.query('begin')
        const named = { name: 'current', text: current }
        expect((await client.query(named)).rows[0].text).toBe(current)
        expect((await client.query(named)).rows[0].text).toBe(current)
        const { rows } = await client.query('select count(*)::int as number from pg_prepared_statements where statement = $1', [
          current,
        ])
        expect(rows[0].number).toBe(1)
        expect((await client.query(current)).rows[0].text).toBe(`${current} /*tenant='${acme.id}'*/`)
        await client.query('commit')
      } finally {
        client.release()
      }
    })
  })

  test('keep the position of an error, and what is examined of a text', async () => {
    onTestFinished(sqlComments(tenancy))
    const position = async (): Promise<string | undefined> =>
      tenancy
        .run(acme, () => tenancy.pool.query('select absent from items'))
        .catch((error: { position?: string }) => error.position) as Promise<string | undefined>
    expect(await position()).toBe('8')
    await expect(tenancy.run(acme, () => tenancy.pool.query("select 'open"))).rejects.toMatchObject({ code: '42601' })
    await tenancy.run(acme, () => tenancy.pool.query('select 1 -- a comment to the end'))
    await tenancy.run(acme, () => tenancy.pool.query('select 1; select 2'))
    await tenancy.run(acme, () => tenancy.pool.query(''))
  })

  test('cannot be left by a name', async () => {
    const hostile = await tenancy.tenants.create({ schema: `it's */ "q" ü`, name: 'x' }).catch(() => undefined)
    onTestFinished(sqlComments(tenancy))
    if (hostile === undefined) return
    const { rows } = await tenancy.run(hostile, () => tenancy.pool.query(current))
    expect(rows[0].text).toMatch(/^[^']* \/\*tenant='[\w%.()!~-]+'\*\/$/)
  })
})

test('a tenancy that is none is refused', () => {
  for (const make of [
    () => new TenantSpanProcessor({} as never),
    () => traceTenancy(undefined as never),
    () => sqlComments({} as never),
  ])
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => sqlComments(tenancy, { tenant: 'name' as never })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => traceTenancy(tenancy, { scope: true } as never)).toThrow(/Did you mean "scopes"/)
  expect(trace.getTracer('x')).toBeDefined()
})
