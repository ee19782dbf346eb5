/** Who sends a request, and the workspace that this person has chosen. Read once for each request. */
import type { Request, RequestHandler } from 'express'
import type { Accounts } from './accounts.ts'
import type { AppTenancy } from './tenancy.ts'

// oxlint-disable-next-line typescript/consistent-type-definitions -- an interface is no Record, which `claims` of tenantScope is
export type Session = {
  readonly userId: string
  readonly workspaceId: string | undefined
}

const sessions = new WeakMap<Request, Session>()

/** Undefined where no one is signed in. */
export function sessionOf(req: Request): Session | undefined {
  return sessions.get(req)
}

export function loadSession(tenancy: AppTenancy, accounts: Accounts): RequestHandler {
  return async (req, _res, next) => {
    const userId = await accounts.userOf(req)
    if (userId !== undefined) sessions.set(req, { userId, workspaceId: await workspaceOf(tenancy, userId) })
    next()
  }
}

/** What was chosen last. A person with one workspace has no choice to make. */
async function workspaceOf(tenancy: AppTenancy, userId: string): Promise<string | undefined> {
  const { rows } = await tenancy.sharedPool.query<{ id: string }>(
    'select workspace_id as id from chosen_workspaces where user_id = $1',
    [userId],
  )
  if (rows[0] !== undefined) return rows[0].id
  const memberships = await tenancy.members.listOf(userId, { limit: 2 })
  return memberships.length === 1 ? memberships[0]!.tenant.id : undefined
}

export async function chooseWorkspace(tenancy: AppTenancy, userId: string, workspaceId: string): Promise<void> {
  await tenancy.sharedPool.query(
    `insert into chosen_workspaces (user_id, workspace_id) values ($1, $2)
     on conflict (user_id) do update set workspace_id = excluded.workspace_id`,
    [userId, workspaceId],
  )
}
