/** All routes of the API, in one list: what is not in it is not reachable. */
import { route, type ApiRoute } from './api/route.ts'
import { openApiOf } from './api/openapi.ts'
import type { Parts } from './parts.ts'
import { activityRoutes } from './records/activity.ts'
import { customerRoutes } from './records/customers.ts'
import { dashboardRoutes } from './records/dashboard.ts'
import { fileRoutes } from './records/files.ts'
import { importRoutes } from './records/imports.ts'
import { leadRoutes } from './records/leads.ts'
import { noteRoutes } from './records/notes.ts'
import { projectRoutes } from './records/projects.ts'
import { searchRoutes } from './records/search.ts'
import { taskRoutes } from './records/tasks.ts'
import { billingRoutes, webhookRoute } from './shared/billing/routes.ts'
import { signUpRoutes } from './shared/sign-up/routes.ts'
import { invitationRoutes } from './tenant/invitations.ts'
import { memberRoutes } from './tenant/members.ts'
import { createPasswords } from './tenant/passwords.ts'
import { sessionRoutes } from './tenant/session.ts'
import { settingsRoutes } from './tenant/settings.ts'
import { tokenRoutes } from './tenant/tokens.ts'

export function routesOf(parts: Parts): ApiRoute[] {
  const passwords = createPasswords(parts.tenancy, parts.users)
  const routes: ApiRoute[] = [
    ...signUpRoutes(parts),
    ...billingRoutes(parts),
    webhookRoute(parts),
    ...sessionRoutes(parts),
    ...tokenRoutes({ ...parts, passwords }),
    ...invitationRoutes({ ...parts, passwords }),
    ...memberRoutes(parts),
    ...settingsRoutes(parts),
    ...dashboardRoutes(parts),
    ...searchRoutes(parts),
    ...activityRoutes(parts),
    ...customerRoutes(parts),
    ...leadRoutes(parts),
    ...projectRoutes(parts),
    ...taskRoutes(parts),
    ...noteRoutes(parts),
    ...fileRoutes(parts),
    ...importRoutes(parts),
  ]
  const documents = (['shared', 'tenant'] as const).map((side) => {
    const document = openApiOf(side, routes)
    return route({
      method: 'get',
      path: '/api/openapi.json',
      side,
      rule: 'anyone',
      summary: 'This document',
      handle: ({ res }) => {
        res.json(document)
      },
    })
  })
  return [...routes, ...documents]
}
