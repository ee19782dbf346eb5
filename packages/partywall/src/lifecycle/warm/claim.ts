/**
 * Gives a ready schema to a new tenant, in the transaction that creates the tenant: the schema gets another name. It must be exactly what was sealed. In
 * doubt the transaction is rolled back, and the tenant is made in the ordinary way.
 */
import type { ReadySchema } from '../../catalog/ready/ready-schema.ts'
import { takeReady } from '../../catalog/ready/ready-store.ts'
import { lockKeyOfColumn } from '../../migrations/apply/guards.ts'
import { identifier } from '../../names/identifier.ts'
import type { Transaction } from '../../ports/database.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import { renameInTexts } from '../states/own-texts.ts'
import { isSealed } from './seal.ts'
import { sealReader } from './seal-sql.ts'

/** A lock on a ready schema may be held by a person who looks at it. */
const lockTimeoutMs = 500

/** The transaction must be rolled back. Without a ready schema the creation may succeed. */
export class NotClaimed extends Error {
  /** Undefined: there was none. */
  readonly ready: ReadySchema | undefined
  /** It is not what was sealed, so no tenant can ever get it. */
  readonly isChanged: boolean

  constructor(reason: string, ready?: ReadySchema, isChanged = false, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
    this.ready = ready
    this.isChanged = isChanged
  }
}

/** Two round trips. @throws NotClaimed */
export async function claimReady(transaction: Transaction, kind: string, digest: string): Promise<ReadySchema> {
  const taken = await takeReady(transaction, kind, { digest, reader: sealReader }, lockKeyOfColumn, lockTimeoutMs)
  if (taken === undefined) throw new NotClaimed('there is none')
  const { ready, isFree, lockTimeout } = taken
  if (!isFree) throw new NotClaimed('it is being migrated.', ready)
  let isSame: boolean
  try {
    isSame = await isSealed(transaction, ready.schema, ready.seal, lockTimeout)
  } catch (error) {
    const state = sqlStateOf(error)
    if (state === undefined) throw error
    // A table, a sequence or the whole schema is not there any more.
    throw new NotClaimed(`it could not be examined (SQLSTATE ${state}).`, ready, state.startsWith('42'), error)
  }
  if (!isSame) throw new NotClaimed('it was changed since it was made.', ready, true)
  return ready
}

/**
 * One round trip; three more where functions have the name of the schema in their search path.
 * @throws NotClaimed; an error with the state duplicate_schema where the name is taken
 */
export async function renameReady(transaction: Transaction, ready: ReadySchema, schema: string): Promise<void> {
  try {
    await transaction.query({ text: `alter schema ${identifier(ready.schema)} rename to ${identifier(schema)}` })
    if (!ready.seal.contents.hasOwnPaths) return
    await renameInTexts(transaction, schema, ready.schema)
  } catch (error) {
    const state = sqlStateOf(error)
    if (state === sqlState.duplicateSchema || state === sqlState.uniqueViolation) throw error
    throw new NotClaimed(`it could not be renamed${state === undefined ? '' : ` (SQLSTATE ${state})`}.`, ready, false, error)
  }
}
