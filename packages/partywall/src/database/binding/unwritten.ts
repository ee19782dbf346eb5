/**
 * A value that cannot be turned into text stops node-postgres in the middle of a batch. Older versions then leave two things behind:
 * - a batch without its Sync (pg before 8.21): the server waits for the rest indefinitely
 * - a begun message (pg-protocol before 1.15): it is sent in front of the next message, on whichever connection that is
 */
import pg from 'pg'
import { QueryBase, type ConnectionLike } from './pg-internals.ts'

/** Ends the batch of a query whose value could not be written. */
export function endUnwritten(connection: ConnectionLike): void {
  dropBegunMessage()
  if (!(endsBatch ??= askOnce())) connection.sync()
}

/** Writes a whole message to nowhere, together with what was begun. */
function dropBegunMessage(): void {
  const { bind } = pg.Connection.prototype as unknown as ConnectionLike
  bind.call({ _send: ignore, stream: { write: ignore } }, {})
}

/** Whether node-postgres ends such a batch itself. */
let endsBatch: boolean | undefined

/** Runs the class itself on a connection that only counts: more certain than a version number. */
function askOnce(): boolean {
  let isEnded = false
  const connection = {
    parsedStatements: {},
    submittedNamedStatements: {},
    stream: {},
    parse: ignore,
    bind: fail,
    close: ignore,
    sync: () => (isEnded = true),
  }
  const query = new QueryBase({ text: 'select $1', values: [1] })
  query.callback = ignore
  query.submit(connection as unknown as ConnectionLike)
  return isEnded
}

function ignore(): void {}

function fail(): never {
  throw new Error('This value cannot be written.')
}
