/**
 * A driver for slonik whose connections hold a client of tenancy.pool from their first query to their release. The first query runs in
 * the scope of its caller; slonik may hand out a connection in the scope of another caller.
 */
import { Readable } from 'node:stream'
import type { Pool, PoolClient, Submittable } from 'pg'
import {
  createDriverFactory,
  InvalidInputError,
  type DriverClientEventEmitter,
  type DriverCommand,
  type DriverFactory,
  type DriverQueryResult,
} from 'slonik'
import { statementFacts } from '../../sql/statement-facts.ts'
import { TenancyError } from '../../errors.ts'
import type { OrmTenancy } from '../../ports/tenancy-like.ts'
import { asSlonikError } from './slonik-errors.ts'
import { numberTypes, type NumberedTypes } from './type-parsers.ts'

/** The class of pg-query-stream. */
export type QueryStreamLike = new (text: string, values?: any[], config?: { types?: any }) => Readable & Submittable

type Fields = DriverQueryResult['fields']

export function borrowingDriver({ pool, sharedPool }: OrmTenancy, QueryStream: QueryStreamLike | undefined): DriverFactory {
  return createDriverFactory(async ({ driverConfiguration }) => {
    const types = await numberTypes(sharedPool, driverConfiguration.typeParsers)
    return {
      createPoolClient: async ({ clientEventEmitter }) => {
        const connection = new BorrowingConnection(pool, types, clientEventEmitter)
        clientEventEmitter.on('release', () => void connection.giveBack())
        return {
          connect: async () => {},
          end: () => connection.giveBack(),
          query: (text, values, options) => connection.query(text, values, options?.name),
          stream: (text, values) => connection.stream(required(QueryStream), text, values) as any,
        }
      },
    }
  })
}

class BorrowingConnection {
  readonly #pool: Pool
  readonly #types: NumberedTypes
  readonly #events: DriverClientEventEmitter
  #taken: Promise<PoolClient> | undefined
  /** Resolves when no stream runs on the client. */
  #streamed: Promise<unknown> = Promise.resolve()

  constructor(pool: Pool, types: NumberedTypes, events: DriverClientEventEmitter) {
    this.#pool = pool
    this.#types = types
    this.#events = events
  }

  async query(text: string, values: unknown[] | undefined, name: string | undefined): Promise<DriverQueryResult> {
    assertOne(text)
    try {
      const client = await this.#client()
      const { command, fields, rowCount, rows } = await client.query({
        text,
        values: values ?? [],
        types: this.#types.of(client),
        ...(name !== undefined && { name }),
      })
      return { command: command as DriverCommand, fields: fields.map(toField), rowCount, rows }
    } catch (error) {
      throw asSlonikError(error, { sql: text, values: values as [] })
    }
  }

  /** Rows, each with the fields of all. */
  stream(QueryStream: QueryStreamLike, text: string, values: unknown[] | undefined): Readable {
    assertOne(text)
    let fields: Fields = []
    const open = async (): Promise<Readable> => {
      const client = await this.#client()
      const stream = new QueryStream(text, values, { types: this.#types.of(client) })
      const { handleRowDescription } = stream as unknown as DescribedLike
      Object.assign(stream, {
        handleRowDescription: (message: { fields: FieldLike[] }) => {
          fields = message.fields.map(toField)
          handleRowDescription(message)
        },
      })
      // A reader that stops early closes the cursor, and the client must not go back before that. After a lost connection, no close comes.
      this.#streamed = new Promise((resolve) => (stream.once('close', resolve), client.once('end', resolve)))
      return client.query(stream)
    }
    const opened = open()
    opened.catch(() => {})
    return Readable.from(
      (async function* () {
        try {
          for await (const row of await opened) yield { fields, row }
        } catch (error) {
          throw asSlonikError(error, { sql: text, values: values as [] })
        }
      })(),
    )
  }

  async giveBack(): Promise<void> {
    const taken = this.#taken
    this.#taken = undefined
    const client = await taken?.catch(() => undefined)
    if (client === undefined) return
    await this.#streamed
    client.off('error', this.#onError).off('notice', this.#onNotice)
    // The pool detects a transaction that is still open, or a statement that runs, and closes the connection.
    client.release()
  }

  #client(): Promise<PoolClient> {
    this.#taken ??= this.#take()
    return this.#taken
  }

  async #take(): Promise<PoolClient> {
    try {
      const client = await this.#pool.connect()
      return client.on('error', this.#onError).on('notice', this.#onNotice)
    } catch (error) {
      this.#taken = undefined
      throw error
    }
  }

  readonly #onError = (error: Error): void => void this.#events.emit('error', asSlonikError(error) as Error)
  readonly #onNotice = ({ message }: { message?: string | undefined }): void => {
    if (message !== undefined) this.#events.emit('notice', { message })
  }
}

interface DescribedLike {
  handleRowDescription(message: { fields: FieldLike[] }): void
}

interface FieldLike {
  readonly name: string
  readonly dataTypeID: number
}

function toField({ name, dataTypeID }: FieldLike): { name: string; dataTypeId: number } {
  return { name, dataTypeId: dataTypeID }
}

/** slonik guarantees one statement for each query. Its own driver leaves the refusal to the server; here the server may accept several. */
function assertOne(text: string): void {
  if (statementFacts(text).isMany) throw new InvalidInputError('Must not use multiple statements in a single query.')
}

function required(QueryStream: QueryStreamLike | undefined): QueryStreamLike {
  if (QueryStream !== undefined) return QueryStream
  throw new TenancyError(
    'INVALID_OPTION',
    'pool.stream requires the class of pg-query-stream. Install it, and pass it: tenantSlonik(tenancy, { QueryStream }).',
    { details: { option: 'QueryStream' } },
  )
}
