/**
 * A server that speaks PostgreSQL's protocol and answers by a script, for answers that no real server gives. It accepts every client, and
 * answers the first query of a connection for its process, so that the connection counts as one to the server itself.
 */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** The object ids of two types. */
const textType = 25
const integerType = 23

/** The answer to a batch or a text, without its ReadyForQuery. */
export type Answer = readonly Buffer[]

/** What the server does instead of answering at once. `end` is what must follow the answer: its ReadyForQuery, if that was asked for. */
export type Act = (socket: Socket, end: Answer) => void

export interface ScriptedServer {
  readonly url: string
  /** The answers to come, whatever is asked; when there are none left, a statement gets one row that says "acme". */
  readonly answers: (Answer | Act)[]
}

export const completed = (tag: string): Buffer => message('C', text(tag))
export const row = (value: string): Buffer => message('D', int16(1), int32(value.length), Buffer.from(value))
export const described = (column: string, type = textType): Buffer =>
  message('T', int16(1), text(column), int32(0), int16(0), int32(type), int16(-1), int32(-1), int16(0))

/** An error; `routine` is the function of the server that raised it. */
export const failed = (code: string, problem: string, routine = 'exec'): Buffer =>
  message('E', ...['SERROR', 'VERROR', `C${code}`, `M${problem}`, `R${routine}`].map(text), Buffer.from('\0'))

/** The answer of a correct server to a binding and a statement that reads one row. */
export const correctAnswer: Answer = [completed('SELECT 0'), described('owner'), row('acme'), completed('SELECT 1')]

export async function scriptedServer(): Promise<ScriptedServer> {
  const answers: (Answer | Act)[] = []
  const sockets = new Set<Socket>()
  let processes = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const pid = ++processes
    let hasStarted = false
    let asked = ''
    socket.on('data', (bytes) => {
      if (!hasStarted) {
        hasStarted = true
        socket.write(Buffer.concat([message('R', int32(0)), message('K', int32(pid), int32(0)), ready]))
        return
      }
      asked += bytes.toString('latin1')
      // A Sync ends a batch, a Flush asks for the answers so far; a text of the simple protocol is a batch of its own.
      const isFlush = asked.endsWith(flush)
      if (!asked.startsWith('Q') && !asked.endsWith(sync) && !isFlush) return
      const isQuestion = asked.includes('pg_backend_pid')
      const isAnswered = asked === sync
      const cleaned = asked.includes('discard temp') ? [completed('DISCARD TEMP')] : []
      asked = ''
      if (isAnswered) return void socket.write(ready)
      const answer = isQuestion
        ? [described('pid', integerType), row(String(pid)), completed('SELECT 1')]
        : (answers.shift() ?? [...cleaned, ...correctAnswer])
      const end = isFlush ? [] : [ready]
      if (typeof answer === 'function') return answer(socket, end)
      socket.write(Buffer.concat([...answer, ...end]))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `postgres://acme@127.0.0.1:${(server.address() as AddressInfo).port}/acme`, answers }
}

const ready = message('Z', Buffer.from('I'))
const sync = 'S\0\0\0\u0004'
const flush = 'H\0\0\0\u0004'

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
