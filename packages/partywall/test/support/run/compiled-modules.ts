/**
 * The compiled modules of a run. Tests start hundreds of Node.js processes from our TypeScript sources, and two thirds of the time of such a
 * start is stripping types and compiling. Each module is compiled once for all processes, in a folder that the end of the run removes.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Call it before the first worker starts: workers inherit the environment, and pass it on to the processes that tests start. */
export async function cacheCompiledModules(): Promise<{ remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'partywall-compiled-'))
  process.env['NODE_COMPILE_CACHE'] = folder
  return {
    async remove() {
      delete process.env['NODE_COMPILE_CACHE']
      // A process that a test started may still write its modules.
      await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
    },
  }
}
