/** The console is a package of its own, which a project may have or not. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { UsageError } from '../terminal/failure.ts'

/** What is used of @partywall/console. */
export interface ConsolePackage {
  console(
    tenancy: unknown,
    options: {
      authorize: (request: Request) => { id: string; role: 'owner' } | undefined
      path: string
      hosts: readonly string[]
    },
  ): (req: IncomingMessage, res: ServerResponse) => void
}

/** Not a literal: partywall is built and bundled without it. */
const name = '@partywall/console'

/** @throws UsageError */
export async function loadConsole(): Promise<ConsolePackage> {
  try {
    return (await import(/* webpackIgnore: true */ name)) as ConsolePackage
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' && String(error).includes(`'${name}'`)
    if (!isAbsent) throw error
    throw new UsageError(`${name} is not installed beside partywall. Install it:  npm install ${name}`, 'USAGE', { cause: error })
  }
}
