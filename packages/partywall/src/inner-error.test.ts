import { describe, expect, test } from 'vitest'
import { isTenancyError, TenancyError, tenancyErrorOf } from './errors.ts'

const busy = (): TenancyError => new TenancyError('TENANT_BUSY', 'It is busy.', { details: { schema: 'acme', maxPerTenant: 1 } })

/** As libraries put an error into one of their own. */
const wrappings: Record<string, (inner: unknown) => unknown> = {
  'cause (Drizzle, slonik, Fastify, Nest)': (cause) => new Error('Failed query: select 1', { cause }),
  'driverError (TypeORM)': (driverError) => Object.assign(new Error('failed'), { driverError }),
  'original and parent (Sequelize)': (original) => Object.assign(new Error('failed'), { original, parent: original }),
  'previous (MikroORM)': (previous) => Object.assign(new Error('failed'), { previous }),
  'nativeError (Objection)': (nativeError) => Object.assign(new Error('failed'), { nativeError }),
  'meta.driverAdapterError (Prisma)': (cause) =>
    Object.assign(new Error('failed'), { code: 'P2010', meta: { driverAdapterError: Object.assign(new Error('x'), { cause }) } }),
  'a name that only one library has': (inner) => Object.assign(new Error('failed'), { whatWentWrong: inner }),
  'a property that is not enumerable': (inner) => Object.defineProperty(new Error('failed'), 'hidden', { value: inner }),
  'a getter of its class': (inner) =>
    new (class extends Error {
      override get cause(): unknown {
        return inner
      }
    })(),
  'a plain object with a cause': (cause) => ({ cause }),
  'a copy of its enumerable properties (@databases/pg)': (inner) => Object.assign(new Error('failed'), inner),
  'a copy of all its properties (MikroORM)': (inner) => {
    const copy: Record<string, unknown> & Error = new Error('failed') as never
    for (const name of Object.getOwnPropertyNames(inner)) copy[name] = (inner as Record<string, unknown>)[name]
    return copy
  },
  'errors (AggregateError) that all are refusals': (inner) => new AggregateError([inner, busy()]),
  'error (SuppressedError)': (error) => Object.assign(new Error('failed'), { error, suppressed: new Error('other') }),
  'twelve errors around each other': (inner) =>
    Array.from({ length: 12 }).reduce((cause: unknown) => new Error('failed', { cause }), inner),
}

describe('tenancyErrorOf and isTenancyError', () => {
  test.each(Object.entries(wrappings))('find the error in %s', (_, wrap) => {
    const inner = busy()
    const error = wrap(inner)
    expect(tenancyErrorOf(error)).toBe(inner)
    expect(tenancyErrorOf(error, 'TENANT_BUSY')).toBe(inner)
    expect([isTenancyError(error), isTenancyError(error, 'TENANT_BUSY')]).toEqual([true, true])
    expect([tenancyErrorOf(error, 'NO_TENANT'), isTenancyError(error, 'NO_TENANT')]).toEqual([undefined, false])
  })

  test('take the outermost TenancyError: its code says what failed, and its cause only why', () => {
    const outer = new TenancyError('NOT_PERMITTED', 'No.', { cause: busy() })
    expect(tenancyErrorOf(new Error('x', { cause: outer }))).toBe(outer)
    expect(isTenancyError(outer, 'TENANT_BUSY')).toBe(false)
  })

  test('recognise an error of a second copy of partywall', () => {
    const foreign = Object.defineProperty(new Error('x'), Symbol.for('partywall.TenancyError'), { value: true })
    expect(tenancyErrorOf(new Error('x', { cause: foreign }))).toBe(foreign)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'TENANT_BUSY'],
    ['an error with the code alone', Object.assign(new Error('x'), { code: 'TENANT_BUSY' })],
    ['several errors, of which one is another failure', new AggregateError([busy(), new Error('a bug')])],
    ['no errors', new AggregateError([])],
    ['a list', [busy()]],
    ['an error in a circle', circle()],
    ['an error without end', endless()],
    ['a getter that throws', Object.defineProperty(new Error('x'), 'cause', { get: () => expect.fail('not for readers') })],
    ['details that throw', Object.defineProperty(new Error('x'), 'details', { get: () => expect.fail('not for readers') })],
    ['details of another library', Object.assign(new Error('x'), { details: { schema: 'acme' } })],
  ])('find none in %s', (_, error) => {
    expect([tenancyErrorOf(error), isTenancyError(error)]).toEqual([undefined, false])
  })
})

test('the summary of an error stays when a library changes its message (Knex)', () => {
  const error = busy()
  error.message = `select 'a value' - ${error.message}`
  expect(error.summary).toBe('It is busy.')
})

function circle(): Error {
  const first = new Error('first')
  first.cause = new Error('second', { cause: new AggregateError([first, first]) })
  return first
}

function endless(): object {
  return {
    get cause() {
      return endless()
    },
  }
}
