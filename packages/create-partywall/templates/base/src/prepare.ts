/** In development, before the first request: all migrations, and two tenants to try the app with. */
import { assertFleetOk } from 'partywall'
//? if auth
import { authOf } from './auth.ts'
//? end
import { projectsOf } from './projects.ts'
import type { AppTenancy } from './tenancy.ts'

const demo = [
  { schema: 'acme', name: 'Acme Inc.', titles: ['A wall', 'A door'] },
  { schema: 'globex', name: 'Globex', titles: ['A tunnel'] },
]
//? if auth
const password = 'a demo password'
//? end

/** A database that has tenants gets no others. */
export async function prepare(tenancy: AppTenancy): Promise<void> {
  assertFleetOk(await tenancy.migrations.run())
  const tenants = await tenancy.tenants.list({ limit: 1 })
  if (tenants.length > 0) return
  const projects = projectsOf(tenancy)
  //? if auth
  const { users } = authOf(tenancy)
  //? end
  for (const { schema, name, titles } of demo) {
    const tenant = await tenancy.tenants.create({ schema, name })
    await tenancy.run(tenant, async () => {
      for (const title of titles) await projects.add(title)
      //? if auth
      const { id } = await users.create({ email: `ada@${schema}.example`, password })
      await tenancy.members.add(tenant, id, { role: 'owner' })
      //? end
    })
  }
}
