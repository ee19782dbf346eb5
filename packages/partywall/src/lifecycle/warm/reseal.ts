/** After a run of migrations: ready schemas that it has changed are compared with what their migrations give, and sealed again. */
import { keepSeal } from '../../catalog/ready/ready-store.ts'
import { lockKey } from '../../migrations/apply/guards.ts'
import { digestsOf } from '../../migrations/history/digest.ts'
import type { ReadyState } from './ready-state.ts'
import { filesOf } from './files-of.ts'
import { makeSeal } from './seal.ts'
import type { WarmParts } from './warm-parts.ts'
import { hasOwnPaths, lookAt, makeWitness, whyNotLike, type Witness } from './witness.ts'

/**
 * Those of one kind whose history has changed. Costs what a tenant costs that is made from its migrations, and the reading of each.
 * @returns those that no tenant can get, with the reasons
 * @throws NotReady for a kind that can have none
 */
export async function resealAll(
  parts: WarmParts,
  kind: string,
  states: readonly ReadyState[],
): Promise<ReadonlyMap<ReadyState, string>> {
  const { migrations } = await filesOf(parts, kind)
  const digests = digestsOf(migrations)
  const refused = new Map<ReadyState, string>()
  const witnesses = new Map<string, Witness>()
  for (const state of states) {
    const { ready, oid, digest } = state
    const count = digest === null ? -1 : digests.indexOf(digest)
    if (oid !== ready.seal.oid || count === -1) {
      refused.set(state, 'its history is not one that the files give.')
      continue
    }
    const reason = await parts.catalog.deploy.transaction(async (transaction) => {
      await transaction.query({ text: `select pg_catalog.set_config('lock_timeout', '2000', true)` })
      await transaction.query({ text: `select pg_catalog.pg_advisory_xact_lock(${lockKey(ready.schema)})` })
      const found = await lookAt(transaction, ready.schema)
      const witness = witnesses.get(digest!) ?? (await makeWitness(parts, transaction, kind, migrations.slice(0, count)))
      witnesses.set(digest!, witness)
      const why = await whyNotLike(parts, found, witness)
      if (why !== undefined) return why
      const sealed = { schema: ready.schema, oid, digest: digest!, hasOwnPaths: hasOwnPaths(found) }
      await keepSeal(transaction, ready, await makeSeal(transaction, sealed))
      return undefined
    })
    if (reason !== undefined) refused.set(state, reason)
  }
  return refused
}
