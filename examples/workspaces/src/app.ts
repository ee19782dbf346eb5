import express from 'express'
import { memberOf, requireMember, tenancyErrors, tenantScope } from 'partywall/express'
import type { Accounts } from './accounts.ts'
import { notesRouter } from './notes.ts'
import { loadSession, sessionOf } from './session.ts'
import type { AppTenancy } from './tenancy.ts'
import { workspacesRouter } from './workspaces.ts'

export function createApp(tenancy: AppTenancy, accounts: Accounts): express.Express {
  const app = express()
  app.all('/api/auth/{*path}', accounts.node)
  app.use(express.json())
  app.use(loadSession(tenancy, accounts))
  app.use('/workspaces', workspacesRouter(tenancy))

  // From here on a request has a workspace, and its sender is a member.
  app.use(
    tenantScope(tenancy, {
      claims: sessionOf,
      user: userOf,
      authorize: (tenant, req) => tenancy.members.has(tenant, userOf(req)),
    }),
  )
  app.use('/notes', requireMember(), notesRouter(tenancy.pool))
  app.post('/invitations', requireMember({ can: 'members.invite' }), async (req, res) => {
    const { email } = req.body as { email: string }
    const invite = () => tenancy.members.invite(tenancy.current(), { email })
    const { token } = await tenancy.actingAs(`user:${memberOf(req).userId}`, invite)
    // A real app sends it to the address, and does not show it to the person who invites.
    res.status(201).json({ invitation: token })
  })
  app.use(tenancyErrors())
  return app
}

function userOf(req: express.Request): string | undefined {
  return sessionOf(req)?.userId
}
