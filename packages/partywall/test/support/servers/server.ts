/** The server of the tests: the one of DATABASE_URL when set, else the embedded one, whose data directory is kept between runs. */
import { fileURLToPath } from 'node:url'
import { acquireEmbedded } from '../../../src/embedded/embedded.ts'

const directory = fileURLToPath(new URL('../../../../../.partywall/test', import.meta.url))

export async function acquireTestServer(onProgress: (line: string) => void): Promise<{ url: string; release(): Promise<void> }> {
  const url = process.env.DATABASE_URL
  if (url !== undefined && url !== '') return { url, release: async () => {} }
  return acquireEmbedded({
    directory,
    onProgress,
    // Test data does not have to survive a power failure.
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' },
  })
}
