/** What `tenancy.doctor` gives to the examinations: connections and options, and the state of each schema. */
import { StoredTenants } from './catalog/tenants/stored-tenants.ts'
import type { DoctorReport } from './doctor/doctor.ts'
import type { Rooms } from './tenancy-rooms.ts'

/** The doctor is loaded when it is needed: no other use of a tenancy pays for it. */
export async function examineBy({ database, options, sources }: Rooms<any>): Promise<DoctorReport> {
  const { examine } = await import(/* webpackMode: "eager" */ './doctor/doctor.ts')
  const { readStatuses } = await import(/* webpackMode: "eager" */ './migrations/run/statuses.ts')
  return examine({
    ...database.given,
    deploy: database.deploy,
    login: database.login,
    options,
    route: () => database.route(),
    // Not by the catalog, whose first statement installs it: the doctor changes nothing.
    statuses: (reader) => readStatuses('doctor', { catalog: reader, tenants: new StoredTenants(reader), sources, options }, {}),
  })
}
