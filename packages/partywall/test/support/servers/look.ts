/**
 * Opens a kept test database: starts the embedded test server, and then psql. Without psql it prints the URL and waits.
 *   node scripts/node.js packages/partywall/test/support/servers/look.ts <database>
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { acquireTestServer } from './server.ts'

const server = await acquireTestServer((line) => console.error(line))
const url = new URL(server.url)
url.pathname = `/${process.argv[2] ?? 'postgres'}`
console.log(url.href)

const waiting = setInterval(() => {}, 60_000)
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end())
const psql = spawn('psql', [url.href], { stdio: 'inherit' })
psql.on('error', () => {
  console.log('psql is not installed; use any other tool with this URL. Ctrl-C stops the server.')
  process.on('SIGINT', () => void end())
})
// psql handles Ctrl-C itself.
psql.on('spawn', () => process.on('SIGINT', () => {}))
await once(psql, 'exit')
await end()

async function end(): Promise<void> {
  clearInterval(waiting)
  await server.release()
  process.exit(0)
}
