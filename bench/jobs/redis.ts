/** A Redis of its own, without files. It ends with this process, however that ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface BenchRedis {
  readonly connection: { readonly host: string; readonly port: number }
  stop(): Promise<void>
}

export async function benchRedis(): Promise<BenchRedis> {
  const port = await freePort()
  const words = ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', '']
  // Kills Redis when this input ends.
  const server = spawn('/bin/sh', ['-c', '"$0" "$@" & read -r _; kill -9 $!; wait', ...words], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  for (let attempt = 0; !(await answers(port)); attempt++) {
    if (attempt > 250) throw new Error('Redis does not answer. Is it installed? apt-get install redis-server')
    await sleep(20)
  }
  return {
    connection: { host: '127.0.0.1', port },
    async stop() {
      const ended = once(server, 'exit')
      server.stdin.end()
      await ended
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
