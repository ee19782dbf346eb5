/** A Redis for the tests of a file, without a password and without files. It can be killed, as a crash would, and started again on the same port. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../src/embedded/free-port.ts'
import { atFileEnd } from '../run/file-end.ts'

export interface Redis {
  /** Such as `redis://127.0.0.1:34567`. */
  readonly url: string
  readonly port: number
  /** Kills it and starts it again. What was written to its log of commands is there again; with `loseData` nothing is. */
  restart(how?: { readonly loseData: boolean }): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
}

/** Why the tests that need Redis are skipped. In CI they are never skipped: there its absence is a failure. */
export const withoutRedis = 'Redis is not installed: apt-get install redis-server'

/** REDIS_SERVER names another program. */
const program = process.env['REDIS_SERVER'] ?? 'redis-server'

export function hasRedis(): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    const isCI = !['', 'false', '0', undefined].includes(process.env['CI'])
    if (isCI) throw new Error(`${withoutRedis}. In CI (the variable CI is set) no test may be skipped for that.`)
    return false
  }
}

/** Starts the server. It ends with the test file, and with the process however that ends. */
export async function startRedis(): Promise<Redis> {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-redis-'))
  const port = await freePort()
  const start = async (): Promise<ChildProcess> => {
    const server = spawn('/bin/sh', ['-c', untilInputEnds, program, ...settings(port, folder)], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    let log = ''
    server.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()))
    server.once('error', (error) => (log += error.message))
    await waitUntilItAnswers(port, () => log)
    return server
  }
  let child: ChildProcess | undefined = await start()
  const redis: Redis = {
    url: `redis://127.0.0.1:${port}`,
    port,
    async restart({ loseData } = { loseData: false }) {
      await redis.stop()
      if (loseData) await rm(join(folder, 'appendonlydir'), { recursive: true, force: true })
      await redis.start()
    },
    async stop() {
      if (child === undefined) return
      const ended = once(child, 'exit')
      child.stdin!.end()
      if (child.exitCode === null) await ended
      child = undefined
    },
    async start() {
      child ??= await start()
    },
  }
  atFileEnd(async () => {
    await redis.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return redis
}

/** Kills Redis when this input ends: the kernel closes our end of the pipe however this process ends, so Redis never outlives it. */
const untilInputEnds = '"$0" "$@" & read -r _; kill -9 $!; wait'

/** Each write is in the log of commands before it is answered, so a kill loses nothing. */
function settings(port: number, folder: string): string[] {
  const given = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes', appendfsync: 'always' }
  return Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)])
}

async function waitUntilItAnswers(port: number, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt++) {
    if (await answers(port)) return
    await sleep(20)
  }
  throw new Error(`Redis does not answer on port ${port}:\n${log()}`)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    // While it loads its log of commands it answers with an error.
    socket.once('data', (data) => end(data.toString().startsWith('+PONG')))
    socket.once('error', () => end(false))
    socket.setTimeout(1000, () => end(false))
  })
}
