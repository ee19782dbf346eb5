/**
 * A slow network: a TCP relay in a process of its own, so that it takes no time from the contestants' event loop. It delays what the
 * client sends; the answers of the server are not delayed, so a round trip costs one delay.
 */
import { fork } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

export interface Relay {
  readonly url: string
  close(): void
}

export async function startRelay(url: string, delayMs: number): Promise<Relay> {
  const target = new URL(url)
  const child = fork(fileURLToPath(import.meta.url), [target.hostname, target.port || '5432', String(delayMs)], {
    stdio: 'inherit',
  })
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number))
    child.once('exit', () => reject(new Error('the relay ended')))
  })
  target.host = `127.0.0.1:${port}`
  return { url: target.href, close: () => void child.kill() }
}

function serve(host: string, port: number, delayMs: number): void {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host, port, noDelay: true })
    client.on('data', (data) => setTimeout(() => upstream.write(data), delayMs))
    upstream.pipe(client)
    const end = (): void => void (client.destroy(), upstream.destroy())
    for (const socket of [client, upstream]) socket.on('close', end).on('error', end)
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))
  process.on('disconnect', () => process.exit())
}

if (process.send !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  const [host, port, delayMs] = process.argv.slice(2) as [string, string, string]
  serve(host, Number(port), Number(delayMs))
}
