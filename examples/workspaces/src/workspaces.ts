/** The workspaces of a person: those that exist, a new one, the choice between them, and the way in by an invitation. It needs no workspace. */
import { Router, type Request, type RequestHandler } from 'express'
import { createSwitch } from 'partywall/http'
import { chooseWorkspace, sessionOf } from './session.ts'
import type { AppTenancy } from './tenancy.ts'

export function workspacesRouter(tenancy: AppTenancy): Router {
  const router = Router().use(signedIn)
  const switchTenant = createSwitch(tenancy, { user: userOf })

  router.get('/', async (req, res) => {
    const mine = await tenancy.members.listOf(userOf(req))
    res.json(mine.map(({ tenant, role }) => ({ schema: tenant.schema, name: tenant.name, role })))
  })

  router.post('/', async (req, res) => {
    const { schema, name } = req.body as { schema: string; name: string }
    const userId = userOf(req)
    const tenant = await tenancy.actingAs(`user:${userId}`, async () => {
      const created = await tenancy.tenants.create({ schema, name })
      await tenancy.members.add(created, userId, { role: 'owner' })
      return created
    })
    await chooseWorkspace(tenancy, userId, tenant.id)
    res.status(201).json({ schema: tenant.schema, name: tenant.name, role: 'owner' })
  })

  router.post('/switch', async (req, res) => {
    const { membership, answer } = await switchTenant(req, (req.body as { workspace: unknown }).workspace)
    if (answer !== undefined) return void res.status(answer.status).set(answer.headers).send(answer.body)
    await chooseWorkspace(tenancy, userOf(req), membership.tenant.id)
    res.json({ schema: membership.tenant.schema, name: membership.tenant.name, role: membership.role })
  })

  router.post('/join', async (req, res) => {
    const { invitation } = req.body as { invitation: string }
    const userId = userOf(req)
    const { tenantId, role } = await tenancy.actingAs(`user:${userId}`, () => tenancy.members.accept(invitation, userId))
    const { schema, name } = await tenancy.tenants.get({ id: tenantId })
    res.status(201).json({ schema, name, role })
  })

  return router
}

const signedIn: RequestHandler = (req, res, next) => {
  if (sessionOf(req) === undefined) res.sendStatus(401)
  else next()
}

function userOf(req: Request): string {
  return sessionOf(req)!.userId
}
