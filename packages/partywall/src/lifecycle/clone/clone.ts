/**
 * Makes a tenant as a copy of another one: its row, role, schema, structure, rows and history, in one transaction, which reads the source in one snapshot. Other sessions
 * see a complete tenant or none, and a crash leaves nothing behind. Its files are copied after that, as a step that can be resumed. The source goes on to be read and written; only its structure cannot be changed meanwhile.
 */
import { isOutOfMemory } from '../../migrations/apply/lock-table.ts'
import { sqlStateOf } from '../../sql/sqlstate.ts'
import type { Tenant, TenantRef } from '../../types.ts'
import type { NewRow } from '../new-tenant.ts'
import { buildClone, type Built, type Progress } from './build-clone.ts'
import { checkedClone } from './checked-clone.ts'
import { passingStates, tryPatiently } from '../states/patiently.ts'
import { explainClone, sourceBusy } from './clone-errors.ts'
import { assertCloneInput, type CloneInput } from './clone-input.ts'
import type { CloneParts } from './clone-parts.ts'
import { planClone, type ClonePlan } from './clone-plan.ts'
import { SourceChanged } from './hold-source.ts'

/** tenancy.tenants.clone with `plan: true`. */
export async function planOfClone(parts: CloneParts<any>, source: TenantRef, input: CloneInput<any>): Promise<ClonePlan> {
  assertCloneInput(input)
  const from = await parts.tenants.get(source)
  await checkedClone(parts, from, input)
  try {
    return await planClone(parts, from, input)
  } catch (error) {
    throw passingStates.has(sqlStateOf(error) ?? '') ? sourceBusy(from.schema, error) : error
  }
}

/** tenancy.tenants.clone. */
export async function cloneTenant<A extends object>(
  parts: CloneParts<A>,
  source: TenantRef,
  input: CloneInput<any>,
): Promise<Tenant<A>> {
  assertCloneInput(input)
  const from = await parts.tenants.get(source)
  const wanted = await checkedClone(parts, from, input)
  const { tenant: made, domains, onCommit } = await patiently(parts, from, wanted, input)
  onCommit()
  const complete = made.status === 'active' ? Promise.resolve(made) : parts.steps.run(made, [])
  const tenant = await complete.catch((error: unknown) => {
    // It stays, with its domains, and is resumed.
    parts.domains.added(domains)
    throw error
  })
  parts.tenants.created(tenant)
  parts.domains.added(domains)
  return tenant
}

/** Tries it again while other transactions hold what it needs. @throws TenancyError TENANT_LOCKED, CLONE_FAILED */
async function patiently<A extends object>(
  parts: CloneParts<A>,
  found: Tenant<A>,
  wanted: NewRow,
  input: CloneInput<any>,
): Promise<Built<A>> {
  const { signal } = input
  const progress: Progress = { step: '' }
  let from = found
  let isFirst = true
  const attempt = async (): Promise<Built<A>> => {
    signal?.throwIfAborted()
    progress.step = 'reading the source'
    if (!isFirst) from = await currentOf(parts, from)
    isFirst = false
    return buildClone(parts, from, wanted, input, progress)
  }
  try {
    return await tryPatiently(attempt, {
      retries: 4,
      mayPass: (error) =>
        signal?.aborted !== true && (error instanceof SourceChanged || passingStates.has(sqlStateOf(error) ?? '')),
      giveUp: (error) => (isOutOfMemory(error) ? error : sourceBusy(from.schema, error)),
      signal,
    })
  } catch (error) {
    // A statement that was cancelled for it has an error of its own.
    signal?.throwIfAborted()
    throw explainClone(error, { schema: wanted.schema, source: from.schema, step: progress.step })
  }
}

/** The source as it is now, which may have another name. @throws TenancyError UNKNOWN_TENANT */
async function currentOf<A extends object>({ tenants }: CloneParts<A>, { id }: Tenant<A>): Promise<Tenant<A>> {
  const found = await tenants.lookUp(id)
  if (found !== undefined) return found
  tenants.forget(id)
  return tenants.get({ id })
}
