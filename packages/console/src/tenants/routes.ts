/** The room of tenants: the list, a new one, and all that is done with one. */
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { needs } from '../security/roles.ts'
import { createStreamed, newTenant, newTenantOptions, resumeStreamed } from './create.ts'
import { domainsRoutes } from './domains-routes.ts'
import { mayOf, tenantOf } from './find.ts'
import { lifeRoutes } from './life-routes.ts'
import { listNames, listQuery, listTenants } from './list.ts'
import { membersRoutes } from './members-routes.ts'
import { answerTo, Refused } from './problem.ts'
import { settingsRoutes } from './settings-routes.ts'
import { showTenant } from './show.ts'

/** Bytes of the body of a change: attributes and settings are small. */
const longestBody = 2 ** 20

export function tenantsRoutes(parts: ConsoleParts): Room {
  const { tenancy } = parts
  const room: Room = new Hono<ConsoleEnv>()
  room.onError(answerTo)
  room.use(
    bodyLimit({
      maxSize: longestBody,
      onError: () => answerTo(new Refused(413, 'TOO_LARGE', 'This is too large', 'A change of a tenant may have up to 1 MB.')),
    }),
  )

  room.get('/', async (c) => {
    const query = listQuery.parse(c.req.query())
    if (query.brief !== undefined) return c.json(await listNames(tenancy, query))
    return c.json(await listTenants(tenancy, query, mayOf(c)))
  })
  // No schema begins with "~", so no tenant hides it.
  room.get('/~options', async (c) => c.json(await newTenantOptions(tenancy, mayOf(c))))
  room.post('/', needs('operator'), async (c) => createStreamed(tenancy, c, newTenant.parse(await c.req.json())))

  room.route('/', lifeRoutes(parts))
  room.route('/', domainsRoutes(parts))
  room.route('/', membersRoutes(parts))
  room.route('/', settingsRoutes(parts))

  room.get('/:tenant', async (c) => c.json(await showTenant(tenancy, await tenantOf(tenancy, c), mayOf(c))))
  room.post('/:tenant/resume', needs('operator'), async (c) => resumeStreamed(tenancy, c, await tenantOf(tenancy, c)))
  return room
}
