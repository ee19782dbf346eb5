/** The server that the scenarios run on: the one of DATABASE_URL, or an embedded PostgreSQL whose data is kept from run to run. */
import { join, resolve } from 'node:path'
import { Client } from 'pg'
import { acquireEmbedded } from '../../packages/partywall/src/embedded/embedded.ts'

export interface BenchServer {
  readonly url: string
  readonly version: string
  release(): Promise<void>
}

/**
 * The shared buffers hold the fleets of all contestants: the catalogs of 1,000 tenants of 12 tables take 450 MB, and in PostgreSQL's default
 * of 128 MB each contestant would wait for pages that the one before it evicted. Autovacuum is off and checkpoints are rare, so that the
 * server does not clean up after one contestant during the turn of the next: the scenarios vacuum and checkpoint between measurements.
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
