/**
 * A session: a client whose search path is set for its whole life, for statements that cannot be bound (VACUUM, CREATE INDEX
 * CONCURRENTLY, CALL with COMMIT). Its connection is closed afterwards, because it is impossible to list all that a session may leave.
 */
import pg, { type PoolClient } from 'pg'
import { TenancyError } from '../../errors.ts'
import { sessionLockText } from '../../sql/session-lock.ts'
import { bindingLiteral, type Binding } from '../binding/binding.ts'
import { bindingError } from '../binding/binding-refusals.ts'
import { isServerError } from '../binding/pg-internals.ts'
import { checkedOut } from './checked-out-client.ts'
import { checkoutHere, type Checkout } from './held-clients.ts'
import type { TenantClient } from './tenant-client.ts'
import { connectFor, type TenantPool } from './tenant-pool.ts'

/**
 * Runs `fn` with a session for a binding that the caller is responsible for, whatever the scope. Costs one connection and one round trip
 * more.
 * @throws TenancyError UNSAFE_STATEMENT behind a pooler that may hand the statements to different server sessions
 */
export async function inSession<T>(
  pool: TenantPool,
  binding: Binding,
  fn: (client: PoolClient) => Promise<T>,
  checkout: Checkout = checkoutHere(inSession),
): Promise<T> {
  const loan = await connectFor(pool, binding, checkout)
  try {
    await startSession(loan.client, binding)
    return await fn(checkedOut(loan))
  } finally {
    loan.release(true)
  }
}

async function startSession(client: TenantClient, binding: Binding): Promise<void> {
  if (!client.bindingWriter.isDirect) {
    throw new TenancyError(
      'UNSAFE_STATEMENT',
      'A session needs a connection of its own, but the connection leads through a pooler: the server session that answers is not the ' +
        'one that was opened. Use a connection string that leads to PostgreSQL itself for this work.',
    )
  }
  client.lendSession(binding)
  try {
    const send = pg.Client.prototype.query as unknown as (this: unknown, text: string) => Promise<unknown>
    // Locked before the schema is compared with the one that was looked up. A role has no rights on the schema of another tenant, whatever its name.
    const lock = binding.role === undefined && binding.tenantId !== undefined ? sessionLockText(binding.schema) : ''
    await send.call(client, `discard temp; discard sequences; ${lock} ${bindingLiteral(binding, { isLocal: false })}`)
  } catch (error) {
    throw isServerError(error) ? bindingError(error, binding) : error
  }
}
