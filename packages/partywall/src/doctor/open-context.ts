/** Opens the connections of the doctor, which are closed afterwards, and reads what the examinations build on. */
import type { PublicOptions } from '../config/options.ts'
import type { Database } from '../ports/database.ts'
import type { Queryable } from '../sql/statement.ts'
import type { Context, RouteFacts, SchemaStatus } from './context/examination.ts'
import { readFacts } from './context/facts.ts'
import { asking, timed } from './context/timed.ts'

export interface DoctorParts {
  readonly deploy: Database
  /** Connections of the application's login, with the rights of the login itself. */
  readonly login: Pick<Database, 'transaction' | 'loginRole'>
  readonly options: PublicOptions
  readonly hasDeploy: boolean
  readonly isEmbedded: boolean
  route(): Promise<RouteFacts>
  /** The state of each schema, read by the doctor's own connection. */
  statuses(reader: Queryable): Promise<readonly SchemaStatus[]>
}

/** How many examinations run at the same time, on a connection each. More would slow down the requests of the application. */
export const sideBySide = 2

type Opening = { readonly context: Context } | { readonly problem: unknown }

/** `fn` is called in each case. */
export async function openContext<T>(parts: DoctorParts, fn: (opening: Opening) => Promise<T>): Promise<T> {
  let isCalled = false
  const call = (opening: Opening): Promise<T> => {
    isCalled = true
    return fn(opening)
  }
  try {
    // Connections of their own: what they have read about a large fleet stays in the memory of their server processes.
    return await parts.deploy.connections(sideBySide, async ({ transaction }) =>
      call(
        await contextOf(parts, transaction).then(
          (context) => ({ context }),
          (problem: unknown) => ({ problem }),
        ),
      ),
    )
  } catch (problem) {
    if (isCalled) throw problem
    return call({ problem })
  }
}

async function contextOf(parts: DoctorParts, transaction: Database['transaction']): Promise<Context> {
  const { login, options, hasDeploy, isEmbedded } = parts
  const reader = timed(transaction)
  const askDeploy = asking(reader)
  const askLogin = asking(timed((work) => login.transaction(work)))
  const facts = await readFacts(askDeploy, await login.loginRole())
  let statuses: Promise<readonly SchemaStatus[]> | undefined
  return {
    askDeploy,
    askLogin,
    options,
    hasDeploy,
    isEmbedded,
    facts,
    route: () => parts.route(),
    statuses: () => (statuses ??= parts.statuses(reader)),
  }
}
