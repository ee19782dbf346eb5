/** The server of the benchmarks: the one of DATABASE_URL, or an embedded PostgreSQL whose data is kept from run to run. */
import { join, resolve } from 'node:path'
import { Client } from 'pg'
import { acquireEmbedded } from '../../packages/partywall/src/embedded/embedded.ts'

export interface BenchServer {
  readonly url: string
  readonly version: string
  release(): Promise<void>
}

/**
 * Room for the fleets of all contestants: the catalogs of 1,000 tenants of 12 tables are 450 MB, and in the 128 MB of PostgreSQL's default each
 * contestant would wait for pages that its neighbour drove out. And nothing that cleans up behind one contestant while the next one
 * runs: the scenarios vacuum and checkpoint themselves, where nobody is measured.
 */
const settings = {
  max_connections: '300',
  shared_buffers: '4GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
}

export async function benchServer(): Promise<BenchServer> {
  const given = process.env['DATABASE_URL']
  const directory = join(resolve(import.meta.dirname, '../..'), '.partywall', 'bench')
  const embedded = given ? undefined : await acquireEmbedded({ directory, settings, onProgress: (line) => console.error(line) })
  const url = given || embedded!.url
  const client = new Client(url)
  await client.connect()
  const { rows } = await client.query('show server_version')
  await client.end()
  return { url, version: `PostgreSQL ${rows[0].server_version}`, release: async () => embedded?.release() }
}
