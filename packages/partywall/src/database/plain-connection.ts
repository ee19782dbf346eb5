/**
 * One connection without a binding, for a database that holds no tenants. The trial of a
 * history sends the files of another tool through it, as that tool would.
 */
import pg, { type ClientConfig } from 'pg'
import type { PlainConnection } from '../ports/plain-connection.ts'
import { explainUnreachable } from './pool/unreachable.ts'

/** @throws TenancyError DATABASE_UNREACHABLE */
export async function connectPlainly(config: ClientConfig): Promise<PlainConnection> {
  const client = new pg.Client(config)
  // A connection that the server ends reports it to the statement that runs, or to the next one.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    throw explainUnreachable(error as Error, config)
  }
  return {
    query: (statement) => client.query(statement),
    end: () => client.end(),
  }
}
