/** Members of a tenant, and invitations. */
import { Hono } from 'hono'
import type { Invitation } from 'partywall'
import * as z from 'zod'
import type { ConsoleEnv, ConsoleParts, Room } from '../parts.ts'
import { needs } from '../security/roles.ts'
import type { InvitationAnswer, InvitedAnswer, MembersAnswer } from './api.ts'
import { mayOf, tenantOf } from './find.ts'

const pageSize = 100
const user = z.string().min(1).max(255)
const role = z.string().min(1).max(63)
const member = z.strictObject({ userId: user, role })
const transfer = z.strictObject({ from: user, to: user, role: role.optional() })
const invitation = z.strictObject({ email: z.string().min(1).max(320), role, days: z.int().min(1).max(366).optional() })
const dayMs = 86_400_000

export function membersRoutes({ tenancy }: ConsoleParts): Room {
  const room: Room = new Hono<ConsoleEnv>()

  room.get('/:tenant/members', async (c) => {
    const tenant = await tenantOf(tenancy, c)
    const ref = { id: tenant.id }
    const after = c.req.query('after')
    const [found, roles, invitations] = await Promise.all([
      tenancy.members.list(ref, { limit: pageSize + 1, ...(after && { cursor: after.slice(0, 255) }) }),
      tenancy.members.roles(ref),
      tenancy.members.invitations(ref, { limit: pageSize }),
    ])
    const members = found.slice(0, pageSize)
    const seats = tenancy.options.members.seats?.(tenant)
    const answer: MembersAnswer = {
      members: members.map(({ userId, role: name, createdAt }) => ({ userId, role: name, createdAt: createdAt.toISOString() })),
      ...(found.length > pageSize && { next: members.at(-1)!.userId }),
      roles: roles.map(({ name, can }) => ({ name, can })),
      invitations: invitations.map(invitationAnswer),
      ...(seats !== undefined && { seats }),
      may: mayOf(c),
    }
    return c.json(answer)
  })

  room.post('/:tenant/members', needs('operator'), async (c) => {
    const body = member.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    await tenancy.members.add({ id }, body.userId, { role: body.role })
    return c.body(null, 204)
  })

  room.post('/:tenant/members/role', needs('operator'), async (c) => {
    const body = member.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    await tenancy.members.setRole({ id }, body.userId, body.role)
    return c.body(null, 204)
  })

  room.post('/:tenant/members/remove', needs('operator'), async (c) => {
    const { userId } = z.strictObject({ userId: user }).parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    await tenancy.members.remove({ id }, userId)
    return c.body(null, 204)
  })

  // The one who gives it up cannot take it back.
  room.post('/:tenant/members/transfer', needs('owner'), async (c) => {
    const { from, to, role: rest } = transfer.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    await tenancy.members.transferOwnership({ id }, { from, to, ...(rest !== undefined && { role: rest }) })
    return c.body(null, 204)
  })

  room.post('/:tenant/invitations', needs('operator'), async (c) => {
    const { email, role: name, days } = invitation.parse(await c.req.json())
    const { id } = await tenantOf(tenancy, c)
    const made = await tenancy.members.invite(
      { id },
      { email, role: name, ...(days !== undefined && { expiresInMs: days * dayMs }) },
    )
    const answer: InvitedAnswer = { ...invitationAnswer(made), token: made.token }
    return c.json(answer, 201, { 'cache-control': 'no-store' })
  })

  room.delete('/:tenant/invitations/:id', needs('operator'), async (c) => {
    const { id } = await tenantOf(tenancy, c)
    await tenancy.members.revokeInvitation({ id }, c.req.param('id'))
    return c.body(null, 204)
  })

  return room
}

function invitationAnswer({ id, email, role: name, state, expiresAt }: Invitation): InvitationAnswer {
  return { id, email, role: name, state, expiresAt: expiresAt.toISOString() }
}
