/** Cloning, loaded when it is first used: most processes of an application never clone. */
import type { ClonePlan } from './lifecycle/clone/clone-plan.ts'
import type { Tenant } from './types.ts'
import type { Rooms } from './tenancy-rooms.ts'

export function cloningOf<A extends object>(rooms: Rooms<A>): (ref: any, input: any) => Promise<any> {
  return async (ref, given): Promise<Tenant<A> | ClonePlan> => {
    const { plan, ...input } = given ?? {}
    const { cloneTenant, planOfClone } = await import(/* webpackMode: "eager" */ './lifecycle/clone/clone.ts')
    return plan === true ? planOfClone(rooms, ref, input) : cloneTenant<A>(rooms, ref, input)
  }
}
