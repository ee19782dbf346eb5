/** The server of the benchmarks: the one of DATABASE_URL, or an embedded PostgreSQL whose data is kept from run to run. */
import { join, resolve } from 'node:path'
import { Client } from 'pg'
import { acquireEmbedded } from '../packages/partywall/src/database/embedded/embedded.ts'

export interface BenchServer {
  readonly url: string
  readonly version: string
  release(): Promise<void>
}

export async function benchServer(): Promise<BenchServer> {
  const given = process.env['DATABASE_URL']
  const directory = join(resolve(import.meta.dirname, '..'), '.partywall', 'bench')
  const embedded = given
    ? undefined
    : await acquireEmbedded({ directory, settings: { max_connections: '300' }, onProgress: (line) => console.error(line) })
  const url = given || embedded!.url
  const client = new Client(url)
  await client.connect()
  const { rows } = await client.query('show server_version')
  await client.end()
  return { url, version: `PostgreSQL ${rows[0].server_version}`, release: async () => embedded?.release() }
}
