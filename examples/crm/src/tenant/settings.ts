import { memberOf } from 'partywall/express'
import { route, type ApiRoute } from '../api/route.ts'
import { settings as settingsSchema, settingsChanges, type Settings } from '../api/schemas/settings.ts'
import type { Parts } from '../parts.ts'
import { noteActivity } from '../records/activity.ts'

export function settingsRoutes({ tenancy }: Pick<Parts, 'tenancy'>): ApiRoute[] {
  const read = async (): Promise<Settings> => {
    const tenant = await tenancy.tenants.get({ id: tenancy.current().id })
    return { name: tenant.name, ...(await tenancy.settings()) }
  }
  return [
    route({
      method: 'get',
      path: '/api/settings',
      side: 'tenant',
      rule: 'member',
      summary: 'What the tenant is configured with',
      answer: settingsSchema,
      handle: read,
    }),
    route({
      method: 'patch',
      path: '/api/settings',
      side: 'tenant',
      rule: { can: 'settings.write' },
      summary: 'Changes some settings',
      body: settingsChanges,
      answer: settingsSchema,
      handle: async ({ body: { name, ...others }, req }) => {
        const ref = { id: tenancy.current().id }
        const changes = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined))
        if (name !== undefined) await tenancy.tenants.update(ref, { name })
        if (Object.keys(changes).length > 0) await tenancy.settings.set(ref, changes)
        const title = Object.keys({ ...changes, ...(name !== undefined && { name }) }).join(', ')
        await noteActivity(tenancy.pool, { userId: memberOf(req).userId, action: 'changed', kind: 'settings', title })
        return read()
      },
    }),
  ]
}
