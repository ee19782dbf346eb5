/** `api/log`: who did what to which tenant, and when. It only reads. */
import { Hono } from 'hono'
import type { AuditListOptions } from 'partywall'
import * as z from 'zod'
import type { ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { problem } from '../problem.ts'
import type { LogAnswer } from './api.ts'
import { entryOf } from './entry.ts'
import { tenantOfLog } from './tenant-of-log.ts'
import { tenantsOf } from './tenants-of.ts'

const entriesOfPage = 50
const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const query = z.object({
  /** A schema. */
  tenant: z.string().min(1).max(63).optional(),
  tenantId: z.uuid().optional(),
  actor: z.string().min(1).max(200).optional(),
  action: z.string().max(2000).optional(),
  since: time.optional(),
  until: time.optional(),
  cursor: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(entriesOfPage).optional(),
})

export function logRoutes({ tenancy }: ConsoleParts): Room {
  const room = new Hono<ConsoleEnv>()
  room.get('/', async (c) => {
    const { tenant, tenantId, action, limit = entriesOfPage, ...rest } = query.parse(c.req.query())
    const ref = tenantId !== undefined ? { id: tenantId } : tenant !== undefined ? { schema: tenant } : undefined
    // One more than the page shows, which tells whether there is a next one.
    const options = { ...rest, limit: limit + 1, ...(action && { action: action.split(',') }), ...(ref && { tenant: ref }) }
    const found = await tenancy.audit.list(options as AuditListOptions)
    const entries = found.slice(0, limit)
    const [tenants, words] = await Promise.all([tenantsOf(tenancy, entries), tenancy.audit.actions()])
    return c.json({
      entries: entries.map((entry) => entryOf(entry, tenants, words)),
      ...(found.length > limit && { next: entries.at(-1)!.id }),
    } satisfies LogAnswer)
  })
  room.get('/actions', async (c) => {
    const words = await tenancy.audit.actions()
    return c.json({ actions: Object.entries(words).map(([action, says]) => ({ action, says })) })
  })
  room.get('/tenants/:id', async (c) => {
    const id = z.uuid().safeParse(c.req.param('id'))
    const tenant = id.success ? await tenantOfLog(tenancy, id.data.toLowerCase()) : undefined
    if (tenant !== undefined) return c.json(tenant)
    return problem(c, 404, {
      code: 'UNKNOWN_TENANT',
      title: 'The log knows no such tenant',
      detail: 'No entry of the log is about a tenant with this id.',
    })
  })
  return room
}
