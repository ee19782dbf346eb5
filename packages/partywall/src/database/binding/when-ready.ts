import type { ConnectionLike } from './pg-internals.ts'

/** Runs `fn` when the server has said that it is ready, or with `false` when the connection ended first. */
export function whenReady(connection: ConnectionLike, fn: (isAlive: boolean) => void): void {
  const settle = (isAlive: boolean) => () => {
    connection.removeListener('readyForQuery', ready)
    connection.removeListener('end', ended)
    fn(isAlive)
  }
  const ready = settle(true)
  const ended = settle(false)
  connection.once('readyForQuery', ready)
  connection.once('end', ended)
}
