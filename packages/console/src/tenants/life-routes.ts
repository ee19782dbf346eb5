/** What changes the life of a tenant. Each change names the version that the operator has seen. */
import { Hono } from 'hono'
import { tenancyErrorOf } from 'partywall'
import * as z from 'zod'
import type { ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { needs } from '../security/roles.ts'
import type { DeletePlanAnswer, DueAnswer, PurgedAnswer } from './api.ts'
import { cloneBody, cloneStreamed, planClone } from './clone.ts'
import { changing, mayOf, tenantOf } from './find.ts'
import { unmasked } from './secrets.ts'
import { showTenant } from './show.ts'

const changes = z.strictObject({
  name: z.string().max(1000).optional(),
  externalId: z.string().max(255).nullable().optional(),
  expiresAt: z.iso.datetime({ offset: true }).nullable().optional(),
  attributes: z
    .strictObject({
      set: z.record(z.string().max(200), z.unknown()).default({}),
      unset: z.array(z.string().max(200)).max(1000).default([]),
    })
    .optional(),
})
const renaming = z.strictObject({ schema: z.string().max(200).optional(), name: z.string().max(1000).optional() })
const statusChange = z.strictObject({ status: z.enum(['active', 'suspended', 'maintenance']) })
const archiving = z.strictObject({
  purgeAfterDays: z.int().min(0).max(36_500).nullable().optional(),
  keepDomains: z.boolean().optional(),
})
const restoring = z.strictObject({ schema: z.string().max(200).optional(), migrate: z.boolean().optional() })
const deletion = z.strictObject({ confirm: z.string().max(200), sharedRows: z.enum(['delete', 'keep']).optional() })
const dayMs = 86_400_000

export function lifeRoutes({ tenancy }: ConsoleParts): Room {
  const room: Room = new Hono<ConsoleEnv>()

  room.patch('/:tenant', needs('operator'), async (c) => {
    const { name, externalId, expiresAt, attributes } = changes.parse(await c.req.json())
    const changed = await changing(tenancy, c, ({ id, attributes: stored }) => {
      const set = attributes && Object.entries(unmasked(attributes.set, stored) as object)
      return tenancy.tenants.update(
        { id },
        {
          ...(name !== undefined && { name }),
          ...(externalId !== undefined && { externalId }),
          ...(expiresAt !== undefined && { expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
          ...(attributes && { attributes: Object.fromEntries([...attributes.unset.map((key) => [key, undefined]), ...set!]) }),
        },
      )
    })
    return c.json(await showTenant(tenancy, changed, mayOf(c)))
  })

  room.post('/:tenant/rename', needs('operator'), async (c) => {
    const { schema, name } = renaming.parse(await c.req.json())
    const options = { ...(schema !== undefined && { schema }), ...(name !== undefined && { name }) }
    const renamed = await changing(tenancy, c, ({ id }) => tenancy.tenants.rename({ id }, options))
    return c.json(await showTenant(tenancy, renamed, mayOf(c)))
  })

  room.post('/:tenant/status', needs('operator'), async (c) => {
    const { status } = statusChange.parse(await c.req.json())
    const move = { active: 'activate', suspended: 'suspend', maintenance: 'setMaintenance' } as const
    const moved = await changing(tenancy, c, ({ id }) => tenancy.tenants[move[status]]({ id }))
    return c.json(await showTenant(tenancy, moved, mayOf(c)))
  })

  room.post('/:tenant/archive', needs('operator'), async (c) => {
    const { purgeAfterDays, keepDomains } = archiving.parse(await c.req.json())
    const options = {
      ...(purgeAfterDays !== undefined && { purgeAfterMs: purgeAfterDays === null ? null : purgeAfterDays * dayMs }),
      ...(keepDomains !== undefined && { keepDomains }),
    }
    const archived = await changing(tenancy, c, ({ id }) => tenancy.tenants.archive({ id }, options))
    return c.json(await showTenant(tenancy, archived, mayOf(c)))
  })

  room.post('/:tenant/restore', needs('operator'), async (c) => {
    const { schema, migrate } = restoring.parse(await c.req.json())
    const options = { ...(schema !== undefined && { schema }), ...(migrate !== undefined && { migrate }) }
    const restored = await changing(tenancy, c, ({ id }) => tenancy.tenants.restore({ id }, options))
    const { tenant, takenDomains, pending } = restored
    return c.json({ tenant: await showTenant(tenancy, tenant, mayOf(c)), takenDomains, pending })
  })

  room.post('/:tenant/clone/plan', needs('operator'), async (c) => {
    const body = cloneBody.parse(await c.req.json())
    return c.json(await planClone(tenancy, await tenantOf(tenancy, c), body))
  })

  room.post('/:tenant/clone', needs('operator'), async (c) => {
    const body = cloneBody.parse(await c.req.json())
    return cloneStreamed(tenancy, c, await tenantOf(tenancy, c), body)
  })

  room.get('/:tenant/delete', needs('owner'), async (c) => {
    const { id } = await tenantOf(tenancy, c)
    const { schema, tables, sharedRows, references, roles } = await tenancy.tenants.deletePlan({ id })
    const answer: DeletePlanAnswer = {
      schema,
      tables,
      sharedRows: sharedRows.map(({ table, column, rows }) => ({ table, column, rows })),
      references,
      roles,
    }
    return c.json(answer)
  })

  room.post('/:tenant/delete', needs('owner'), async (c) => {
    const { confirm, sharedRows } = deletion.parse(await c.req.json())
    const options = { confirm, ...(sharedRows !== undefined && { sharedRows }) }
    const { keptRoles } = await changing(tenancy, c, ({ id }) => tenancy.tenants.delete({ id }, options))
    return c.json({ keptRoles })
  })

  // No schema begins with "~", so no tenant hides these.
  room.get('/~due', async (c) => {
    const { entries } = await tenancy.tenants.purge({ expired: true, archived: true, dryRun: true })
    const answer: DueAnswer = { due: entries.map(({ schema, action }) => ({ schema, action })), may: mayOf(c) }
    return c.json(answer)
  })

  room.post('/~purge', needs('owner'), async (c) => {
    const { entries } = await tenancy.tenants.purge({ expired: true, archived: true })
    const answer: PurgedAnswer = {
      done: entries.filter(({ state }) => state === 'done').length,
      failed: entries.flatMap(({ schema, state, error }) =>
        state === 'failed' ? [{ schema, error: tenancyErrorOf(error)?.summary ?? 'The log of the server says why.' }] : [],
      ),
    }
    return c.json(answer)
  })

  return room
}
