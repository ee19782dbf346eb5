/**
 * The answers of a server to a bound statement, played to the query by a script. A correct server can only give the correct ones; with
 * every other one, the query must fail and its connection must be closed, before it passes on a row.
 */
import { EventEmitter } from 'node:events'
import { Query } from 'pg'
import Cursor from 'pg-cursor'
import { describe, expect, test } from 'vitest'
import { statementFacts } from '../../sql/statement-facts.ts'
import { Bindings } from './binding.ts'
import { BindingWriter, type BindingTags } from './binding-writer.ts'
import { outgoing } from './outgoing-text.ts'
import { PreparedNames } from './prepared-names.ts'
import { BoundQuery } from './bound-query.ts'
import { bindSubmittable } from './bound-submittable.ts'
import type { Carrier } from './carrier.ts'
import type { ConnectionLike, SubmittableLike } from './pg-internals.ts'

const bindings = new Bindings({ sharedSchema: 'public', includeShared: true, extraSearchPath: [] })
const binding = bindings.ofSchema('acme')
const other = bindings.ofSchema('other')

type Message = 'row description' | 'row' | 'empty' | 'suspended' | 'copy data' | 'ready' | readonly [tag: string]
type Script = readonly Message[]

const own: Message = ['SELECT 0']
const rows: Script = ['row description', 'row', ['SELECT 1']]

const correct: Record<string, Script> = {
  'rows of the statement': [own, ...rows, 'ready'],
  'a statement without rows': [own, ['UPDATE 3'], 'ready'],
}

const wrong: Record<string, Script> = {
  'rows, and no answer to the binding': [...rows, 'ready'],
  'a completion, and no answer to the binding': [['UPDATE 3'], 'ready'],
  'a completion with the tag of the binding, and no other': [own, 'ready'],
  'nothing at all': ['ready'],
  'the cleaning was not announced': [['DISCARD TEMP'], own, ...rows, 'ready'],
  'an answer too many': [own, own, ...rows, 'ready'],
  'an empty statement before the binding': ['empty', own, 'ready'],
}

/** What a query object can be checked for: how many completions it expects is known to itself alone. */
const wrongForObjects = ['rows, and no answer to the binding', 'a completion, and no answer to the binding', 'nothing at all']

describe('a statement of ours', () => {
  const simple = 'select 1; select 2'

  test.each(Object.entries(correct))('passes on: %s', async (_, script) => {
    for (const text of ['select owner from items', simple]) {
      const { carrier, answer, isAbandoned } = connect()
      const query = new BoundQuery(carrier, binding, outgoing(text, undefined))
      const result = resultOf(query)
      answer(query, text === simple ? ['row description', ...script] : script)
      await expect(result).resolves.toMatchObject({ rows: script.includes('row') ? [{ owner: 'acme' }] : [] })
      expect(isAbandoned()).toBe(false)
    }
  })

  test.each(Object.entries(wrong))('fails, and its connection is closed: %s', async (_, script) => {
    const { carrier, answer, isAbandoned } = connect()
    const query = new BoundQuery(carrier, binding, outgoing('select owner from items', undefined))
    const result = resultOf(query)
    answer(query, script)
    await expect(result).rejects.toMatchObject({
      code: 'UNSAFE_SETUP',
      message: expect.stringMatching(/^The connection of tenant "acme" cannot be trusted: /),
    })
    expect(isAbandoned()).toBe(true)
  })

  test.each(wrongForObjects)('fails by the simple protocol, too: %s', async (name) => {
    const { carrier, answer, isAbandoned } = connect()
    const query = new BoundQuery(carrier, binding, outgoing(simple, undefined))
    const result = resultOf(query)
    answer(query, wrong[name]!)
    await expect(result).rejects.toMatchObject({ code: 'UNSAFE_SETUP' })
    expect(isAbandoned()).toBe(true)
  })

  test('closes the connection when its caller has given up before (query_timeout)', async () => {
    const { carrier, answer, isAbandoned, connection } = connect()
    const query = new BoundQuery(carrier, binding, outgoing('select owner from items', undefined))
    const result = resultOf(query)
    query.submit(connection)
    query.handleError(new Error('Query read timeout'), connection)
    await expect(result).rejects.toThrow('timeout')
    answer(query, wrong['a completion, and no answer to the binding']!, { isSubmitted: true })
    expect(isAbandoned()).toBe(true)
  })
})

describe('a query object', () => {
  const text = 'select owner from items'
  const objects: Record<string, { make: () => SubmittableLike; read: (query: SubmittableLike) => Promise<unknown> }> = {
    'a pg.Query': { make: () => new Query(text, [1]) as unknown as SubmittableLike, read: resultOf },
    'a pg.Query by the simple protocol': { make: () => new Query(text) as unknown as SubmittableLike, read: resultOf },
    'a cursor': {
      make: () => new Cursor(text) as unknown as SubmittableLike,
      read: (cursor) => (cursor as unknown as Cursor).read(5).then((found) => ({ rows: found })),
    },
  }

  test.each(Object.keys(objects))('%s passes on the rows of the statement', async (name) => {
    const { carrier, answer, isAbandoned } = connect()
    const { query, result } = bound(name, carrier)
    answer(query, correct['rows of the statement']!)
    await expect(result).resolves.toMatchObject({ rows: [{ owner: 'acme' }] })
    expect(isAbandoned()).toBe(false)
  })

  const copies: Record<string, Script> = { 'data of a COPY first': ['copy data', own, 'ready'] }
  const scripts = [...wrongForObjects.map((name) => [name, wrong[name]!] as const), ...Object.entries(copies)]
  test.each(Object.keys(objects).flatMap((name) => scripts.map(([script, messages]) => [name, script, messages] as const)))(
    '%s fails, and its connection is closed: %s',
    async (name, _, script) => {
      const { carrier, answer, isAbandoned } = connect()
      const { query, result } = bound(name, carrier)
      answer(query, script)
      await expect(result).rejects.toMatchObject({ code: 'UNSAFE_SETUP' })
      expect(isAbandoned()).toBe(true)
    },
  )

  test('cannot be sent a second time, to another tenant', () => {
    const { carrier } = connect()
    const query = objects['a pg.Query']!.make()
    bindSubmittable(query, statementFacts('select 1'), carrier, binding)
    expect(() => bindSubmittable(query, statementFacts('select 1'), carrier, binding)).toThrow(
      expect.objectContaining({ code: 'UNSAFE_STATEMENT' }),
    )
  })

  function bound(name: string, carrier: Carrier): { query: SubmittableLike; result: Promise<unknown> } {
    const { make, read } = objects[name]!
    const query = make()
    bindSubmittable(query, statementFacts(text), carrier, binding)
    return { query, result: read(query) }
  }
})

describe('a mistake of partywall itself is found by a correct server', () => {
  test.each([
    ['a cleaning that it did not send', ['DISCARD TEMP', 'SELECT 0'], correct['rows of the statement']!],
    ['no completion at all', [], correct['rows of the statement']!],
    ['not that it cleaned the connection', ['SELECT 0'], [['DISCARD TEMP'], own, ...rows, 'ready']],
  ] as const)('the writer announces %s', async (_, tags: BindingTags, script: Script) => {
    class WrongWriter extends BindingWriter {
      override write(...args: Parameters<BindingWriter['write']>): BindingTags {
        super.write(...args)
        return tags
      }
    }
    const { carrier, answer, isAbandoned } = connect(new WrongWriter())
    const query = new BoundQuery(carrier, binding, outgoing('select owner from items', undefined))
    const result = resultOf(query)
    answer(query, script)
    await expect(result).rejects.toMatchObject({ code: 'UNSAFE_SETUP' })
    expect(isAbandoned()).toBe(true)
  })

  test('the outcome of a statement was not noted: the next one is refused, whatever it is', () => {
    for (const text of ['select 1', 'begin', 'select 1; select 2']) {
      const { carrier, connection, isAbandoned } = connect()
      carrier.bindingWriter.handOver(other)
      new BoundQuery(carrier, other, outgoing('select owner from items', undefined)).submit(connection)
      const query = new BoundQuery(carrier, binding, outgoing(text, undefined))
      expect(query.submit(connection)).toMatchObject({ code: 'UNSAFE_SETUP', message: expect.stringContaining('not noted') })
      expect(isAbandoned()).toBe(true)
    }
  })
})

interface Connected {
  readonly carrier: Carrier
  readonly connection: ConnectionLike
  readonly isAbandoned: () => boolean
  /** Submits the query and plays the script to it, as a client of node-postgres does. */
  readonly answer: (query: SubmittableLike, script: Script, state?: { isSubmitted: boolean }) => void
}

function connect(bindingWriter = new BindingWriter()): Connected {
  let isAbandoned = false
  bindingWriter.isDirect = true
  bindingWriter.handOver(binding)
  for (const event of ['cleaning sent', 'committed'] as const) bindingWriter.note(event)
  const ignored = Object.fromEntries(
    ['parse', 'bind', 'describe', 'execute', 'close', 'sync', 'flush', 'query', 'sendCopyFail'].map((name) => [name, () => {}]),
  )
  // As in node-postgres, the methods are those of the prototype.
  class Connection extends EventEmitter {
    readonly parsedStatements = {}
    readonly submittedNamedStatements = {}
    readonly stream = { write: () => true, destroy: () => {} }
  }
  Object.assign(Connection.prototype, ignored)
  const carrier: Carrier = {
    getTransactionStatus: () => 'I',
    serverVersionNumber: 180_000,
    bindingWriter,
    assertTransactionOf: () => {},
    hasStandardStrings: true,
    hasUtf8: true,
    preparedNames: new PreparedNames(10),
    isIdle: () => true,
    resubmit: () => {},
    doubt: () => {},
    abandon: () => void (isAbandoned = true),
  }
  const wire = new Connection() as unknown as ConnectionLike
  return {
    carrier,
    connection: wire,
    isAbandoned: () => isAbandoned,
    answer(query, script, { isSubmitted } = { isSubmitted: false }) {
      if (!isSubmitted) query.submit(wire)
      for (const message of script) play(query, message, wire)
    },
  }
}

function play(query: SubmittableLike, message: Message, connection: ConnectionLike): void {
  if (message === 'row description')
    return query.handleRowDescription!({ fields: [{ name: 'owner', dataTypeID: 25, format: 'text' }] })
  if (message === 'row') return query.handleDataRow!({ fields: ['acme'] })
  if (message === 'empty') return query.handleEmptyQuery!(connection)
  if (message === 'suspended') return query.handlePortalSuspended!(connection)
  if (message === 'copy data') return query.handleCopyData!({ chunk: Buffer.from('acme') }, connection)
  if (message === 'ready') return query.handleReadyForQuery!(connection)
  query.handleCommandComplete!({ text: message[0] }, connection)
}

function resultOf(query: { callback?: SubmittableLike['callback'] }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    query.callback = (error, result) => (error ? reject(error) : resolve(result))
  })
}
