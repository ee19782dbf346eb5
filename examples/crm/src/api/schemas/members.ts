import { z } from 'zod'
import { emailAddress, moment, password, plainText, userId } from './common.ts'

export const roles = ['owner', 'admin', 'member'] as const
const role = z.enum(roles)

export const member = z
  .object({
    userId,
    name: z.string(),
    email: z.string(),
    jobTitle: z.string().nullable(),
    role: z.string(),
    joinedAt: moment,
    isSelf: z.boolean(),
  })
  .meta({ id: 'Member' })
export const members = z.object({ items: z.array(member), seats: z.int().nullable() })
export const memberChanges = z.strictObject({ role })
export const memberParam = z.object({ userId })

export const newInvitation = z.strictObject({ email: emailAddress, role: role.exclude(['owner']).default('member') })
export const invitation = z
  .object({ id: z.uuid(), email: z.string(), role: z.string(), createdAt: moment, expiresAt: moment })
  .meta({ id: 'Invitation' })
export const invitations = z.object({ items: z.array(invitation) })
export const invitationParam = z.object({ id: z.uuid() })

/** The link of an invitation is `/join#<token>`: what is behind `#` is in no log of a server. */
export const invitationToken = z.strictObject({ token: z.string().min(1).max(200) })
export const invitationFacts = z
  .object({ email: z.string(), role: z.string(), tenant: z.string(), invitedBy: z.string().nullable() })
  .meta({ id: 'InvitationFacts' })
export const acceptance = z.strictObject({ token: z.string().min(1).max(200), name: plainText(100), password })

export type Member = z.infer<typeof member>
export type Invitation = z.infer<typeof invitation>
