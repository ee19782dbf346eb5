/** Adoption and release, loaded when they are first used: most processes of an application never adopt. */
import type { TenantsApi } from './tenancy-tenants.ts'
import type { Rooms } from './tenancy-rooms.ts'

export function adoptionOf<A extends object, I extends object>(
  rooms: Rooms<A>,
): Pick<TenantsApi<A, I>, 'adopt' | 'adoptAll' | 'release'> {
  const adopt = async ({ plan, ...input }: any): Promise<any> => {
    const { adopt: run, planAdoption } = await import(/* webpackMode: "eager" */ './lifecycle/adopt/adopt.ts')
    return plan === true ? planAdoption(rooms, input) : run<A>(rooms, input)
  }
  const release = async (ref: any, { plan, ...options }: any = {}): Promise<any> => {
    const { release: run, planRelease } = await import(/* webpackMode: "eager" */ './lifecycle/adopt/release.ts')
    return plan === true ? planRelease(rooms, ref, options) : run<A>(rooms, ref, options)
  }
  return {
    adopt,
    release,
    adoptAll: async (input) => {
      const { adoptAll } = await import(/* webpackMode: "eager" */ './lifecycle/adopt/fleet.ts')
      return adoptAll<A>(rooms, input)
    },
  }
}
