/**
 * How a statement goes out is decided when its turn on the connection comes, because only then the state of the transaction is known:
 *
 * - a statement that controls a transaction goes as it is: it resolves no names, and a query before BEGIN would fix its snapshot
 * - in a failed transaction every statement goes as it is, and fails
 * - every other statement goes with its binding in front
 */
import type { StatementFacts } from '../../sql/statement-facts.ts'
import type { Binding } from './binding.ts'
import { assertBindable, assertKeepsRole, untrusted } from './binding-refusals.ts'
import type { Carrier } from './carrier.ts'
import { noteSentAfterFailure } from './transaction-outcome.ts'

/**
 * Passes a statement that may be sent now.
 * @returns whether it goes as it is, without a binding
 * @throws TenancyError
 */
export function admit(facts: StatementFacts, isExtended: boolean, binding: Binding, carrier: Carrier): boolean {
  const status = carrier.getTransactionStatus()
  carrier.assertTransactionOf(binding, facts)
  assertBindable(facts, isExtended, status, carrier)
  assertKeepsRole(binding, facts)
  const contradiction = carrier.bindingWriter.contradiction(status !== 'I')
  if (contradiction !== undefined) {
    carrier.abandon()
    throw untrusted(binding, contradiction)
  }
  if (status === 'E') noteSentAfterFailure(carrier, facts)
  return facts.control !== undefined || status === 'E' || (facts.namesNothing && status === 'T')
}
