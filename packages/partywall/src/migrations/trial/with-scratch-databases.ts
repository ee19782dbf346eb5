/** The life of the databases of a trial: they are dropped when the work ends, fails or is aborted. */
import { ScratchDatabases } from './scratch-databases.ts'
import type { TrialHost, TrialOptions } from './trial-parts.ts'

/**
 * Calls `use` with databases on the server that the options name. After an abort it rejects with the reason of the signal.
 * @param command the command that needs them, for messages
 * @throws TenancyError NOT_PERMITTED, DATABASE_UNREACHABLE, EMBEDDED_FAILED; the error of `use`
 */
export async function withScratchDatabases<T>(
  host: TrialHost,
  options: Pick<TrialOptions, 'server' | 'embedded' | 'signal' | 'onStage'>,
  command: string | undefined,
  use: (databases: ScratchDatabases) => Promise<T>,
): Promise<T> {
  const { signal } = options
  signal?.throwIfAborted()
  const server = await host.server(options)
  try {
    const databases = await ScratchDatabases.open(host, server.config, command)
    const abort = (): void => void databases.close()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await use(databases)
    } finally {
      await databases.close()
      signal?.removeEventListener('abort', abort)
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    await server.release()
  }
}
