/** The Redis that the scenario `cache` runs on: the one of REDIS_URL, or `redis-server` on a free port, without files. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from '../../packages/partywall/src/embedded/free-port.ts'

export interface BenchRedis {
  readonly url: string
  readonly version: string
  stop(): Promise<void>
}

export async function benchRedis(): Promise<BenchRedis> {
  const given = process.env['REDIS_URL']
  const port = given === undefined ? await freePort() : 0
  const url = given ?? `redis://127.0.0.1:${port}`
  const server =
    given === undefined
      ? spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
      : undefined
  const version = await answering(url)
  return {
    url,
    version,
    async stop() {
      if (server === undefined) return
      const ended = once(server, 'exit')
      server.kill('SIGKILL')
      await ended
    },
  }
}

async function answering(url: string): Promise<string> {
  const client = new Redis(url, { retryStrategy: () => 50 })
  client.on('error', () => {})
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      const info = await client.info('server').catch(() => '')
      const version = /redis_version:(\S+)/.exec(info)?.[1]
      if (version !== undefined) return version
      await sleep(50)
    }
    throw new Error(`No Redis answers at ${url}.`)
  } finally {
    client.disconnect()
  }
}
