/** The configuration of the tenancy. What each option is for: docs/configuration.md of partywall. */
import { byHost, defineConfig } from 'partywall'
import { diskStore } from 'partywall/files'
import { z } from 'zod'
import { limits, planId } from './api/schemas/billing.ts'
import { currencies } from './api/schemas/settings.ts'
import { permissions } from './api/schemas/session.ts'
import type { Environment } from './environment.ts'

/** What a tenant is. The limits are those of its plan when it was bought, so a change of the price list changes no contract. */
const attributes = z.object({
  plan: planId.default('starter'),
  limits: limits.default({ members: 3, records: 5000, fileBytes: 104_857_600 }),
})

/** What a tenant chooses for itself. */
const settings = z.object({ currency: z.enum(currencies), timeZone: z.string(), mailFooter: z.string() })

export function configurationOf({ appUrl, database, uploads }: Environment) {
  const base = new URL(appUrl).hostname
  return defineConfig({
    root: `${import.meta.dirname}/..`,
    database,
    appUrl,
    resolve: [byHost({ base, except: [`admin.${base}`] })],
    // No name leads from a tenant to a shared table by accident: shared tables are read through `tenancy.sharedPool`.
    includeShared: false,
    tenant: { attributes },
    warm: { size: 3 },
    pool: { sharedMax: 6 },
    members: {
      roles: {
        admin: { can: permissions.filter((permission) => permission !== 'billing.manage') },
        member: { can: [] },
      },
      // Of an owner alone.
      permissions: ['billing.manage'],
      seats: (tenant) => attributes.parse(tenant.attributes).limits.members ?? undefined,
    },
    settings: { schema: settings, defaults: { currency: 'EUR', timeZone: 'Europe/Berlin', mailFooter: '' } },
    files: {
      store: diskStore(uploads),
      quota: (tenant) => attributes.parse(tenant.attributes).limits.fileBytes ?? undefined,
    },
  })
}
