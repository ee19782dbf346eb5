/** Tests in a transaction: a tenancy whose statements all run on one connection, and are undone when the test has ended. */
import { OneConnection } from '../../database/one-connection/one-connection.ts'
import type { IsolationLevel } from '../../database/one-connection/texts.ts'
import { TenancyError } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import { lookAgain } from '../../look-again.ts'
import { seen } from '../../seen.ts'
import { closedInTime } from './closed-in-time.ts'
import type { TestableTenancy } from './testable.ts'

export interface TransactionsOptions {
  /** How long a statement waits for a transaction of the app that is open and sends nothing; a number of milliseconds. @default 3000 */
  readonly waitMs?: number | undefined
}

export interface TestTransactionOptions {
  /** The level that the transactions of the app may ask for. @default 'read committed' */
  readonly isolationLevel?: IsolationLevel | undefined
}

export interface TestTransactions<T extends TestableTenancy> {
  /** For the app of the tests. Outside of a test each of its statements is refused. */
  readonly tenancy: T
  /** What connects here, also from another process, is in the transaction, too. Has a password that holds for this process only. */
  readonly url: string
  /**
   * Begins the transaction of a test. Inside of one it begins another that can be rolled back alone: one for the file, and one for each test.
   * @example await using transaction = await transactions.begin()
   */
  begin(options?: TestTransactionOptions): Promise<TestTransaction>
  close(): Promise<void>
}

export interface TestTransaction {
  /**
   * Undoes all that was written since. A second call does nothing.
   * @throws TenancyError TEST_LEAK when the app has left a transaction open, or has queried between tests
   */
  rollBack(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** @throws TenancyError INVALID_ARGUMENT, DATABASE_UNREACHABLE */
export async function openTransactions<T extends TestableTenancy>(
  { url, open }: { readonly url: string; readonly open: (database: string) => T },
  options: TransactionsOptions = {},
): Promise<TestTransactions<T>> {
  assertKnownKeys('transactions', options, ['waitMs'])
  const { waitMs = 3000 } = options
  if (!Number.isSafeInteger(waitMs) || waitMs < 1) throw invalid('waitMs', 'a whole number of milliseconds', waitMs)
  const connection = await OneConnection.open({ connectionString: url }, { waitMs })
  const tenancy = open(connection.url)
  let isStale = false
  return {
    tenancy,
    url: connection.url,
    async begin(given = {}) {
      assertKnownKeys('begin', given, ['isolationLevel'])
      const { isolationLevel = 'read committed' } = given
      if (!levels.includes(isolationLevel)) throw invalid('isolationLevel', `one of ${levels.join(', ')}`, isolationLevel)
      const strays = connection.takeStrays()
      const depth = await connection.begin(isolationLevel)
      if (isStale) await tenancy[lookAgain]?.()
      isStale = false
      let undone: Promise<void> | undefined
      const undo = async (): Promise<void> => {
        const { openTransactions: left, hasChangedCatalog } = await connection.rollBack(depth)
        isStale ||= hasChangedCatalog
        // The savepoint of an outer test is gone back to: what was seen since does not count there either.
        if (isStale && depth > 1) await tenancy[lookAgain]?.()
        const leaks = [
          ...(left > 0 ? ['A transaction was begun and not ended.'] : []),
          ...(strays > 0
            ? [
                `${strays} statements were sent between the test before and this one, by work that outlived its test. They were refused.`,
              ]
            : []),
        ]
        if (leaks.length > 0) throw leaked(leaks)
      }
      const rollBack = (): Promise<void> => (undone ??= undo())
      return { rollBack, [Symbol.asyncDispose]: rollBack }
    },
    async close() {
      await connection.close()
      await closedInTime(tenancy)
    },
  }
}

export function leaked(leaks: readonly string[]): TenancyError<'TEST_LEAK'> {
  return new TenancyError('TEST_LEAK', `The test has left something behind:\n${leaks.map((leak) => `- ${leak}`).join('\n')}\n`, {
    details: { leaks },
  })
}

const levels: readonly IsolationLevel[] = ['read committed', 'repeatable read', 'serializable']

function invalid(option: string, must: string, value: unknown): TenancyError<'INVALID_ARGUMENT'> {
  return new TenancyError(
    'INVALID_ARGUMENT',
    `The option "${option}" of partywall/testing must be ${must}, not ${seen(value, 'quoted')}.`,
    {
      details: { option, what: 'partywall/testing' },
    },
  )
}
