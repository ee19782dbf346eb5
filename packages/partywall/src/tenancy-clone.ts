/** Creating and cloning, loaded when they are first used: a process that serves requests mostly does neither. */
import { TenancyError } from './errors.ts'
import type { NewTenant } from './lifecycle/new-tenant.ts'
import type { ClonePlan } from './lifecycle/clone/clone-plan.ts'
import type { Tenant } from './types.ts'
import type { Rooms } from './tenancy-rooms.ts'

export function cloningOf<A extends object>(rooms: Rooms<A>): (ref: any, input: any) => Promise<any> {
  return async (ref, given): Promise<Tenant<A> | ClonePlan> => {
    const { plan, ...input } = given ?? {}
    const { cloneTenant, planOfClone } = await import(/* webpackMode: "eager" */ './lifecycle/clone/clone.ts')
    const parts = { ...rooms, ...(await rooms.forWork()) }
    return plan === true ? planOfClone(parts, ref, input) : cloneTenant<A>(parts, ref, input)
  }
}

/** tenancy.tenants.create: from migrations, or with the structure of another tenant. */
export async function createTenant<A extends object>(rooms: Rooms<A>, given: NewTenant<any>): Promise<Tenant<A>> {
  if (given?.cloneFrom === undefined) {
    const { provision } = await import(/* webpackMode: "eager" */ './lifecycle/provision.ts')
    return provision({ ...rooms, ...(await rooms.forWork()) }, given)
  }
  const { cloneFrom, kind, template, ...input } = given
  if (template !== undefined) {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      'tenants.create takes "cloneFrom" or "template", not both. Leave one of them out.',
      {
        details: { option: 'template', what: 'tenants.create' },
      },
    )
  }
  const source = await rooms.tenants.get(cloneFrom)
  if (kind !== undefined && kind !== source.kind) {
    throw new TenancyError(
      'INVALID_ARGUMENT',
      `"kind" of tenants.create must be that of the tenant it is cloned from, ${JSON.stringify(source.kind)}, or left out.`,
      { details: { option: 'kind', what: 'tenants.create' } },
    )
  }
  return cloningOf(rooms)({ id: source.id }, { ...input, data: false }) as Promise<Tenant<A>>
}
